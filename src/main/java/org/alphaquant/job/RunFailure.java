package org.alphaquant.job;

/** Thrown by a run that knows what its failure is. */
public class RunFailure extends RuntimeException {
  private final transient JobError error;

  public RunFailure(JobError.Kind kind, String code, String message) {
    this(kind, code, message, null);
  }

  public RunFailure(JobError.Kind kind, String code, String message, Throwable cause) {
    super(message, cause);
    this.error = new JobError(code, kind, message, cause == null ? null : cause.toString());
  }

  public RunFailure(JobError error) {
    super(error.message());
    this.error = error;
  }

  public JobError error() {
    return error;
  }
}
