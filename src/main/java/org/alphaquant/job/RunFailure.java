package org.alphaquant.job;

/** Thrown by a run for a failure with a known error. */
public class RunFailure extends RuntimeException {
  private final transient JobError error;

  public RunFailure(JobError.Kind kind, String code, String message) {
    this(kind, code, message, null);
  }

  public RunFailure(JobError.Kind kind, String code, String message, Throwable cause) {
    super(message, cause);
    this.error = new JobError(code, kind, message, root(message, cause));
  }

  // The message of the root cause, unless the message contains it already.
  private static String root(String message, Throwable cause) {
    Throwable root = cause;
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root == null || root.getMessage() == null || message.contains(root.getMessage())
        ? null
        : root.getMessage();
  }

  public RunFailure(JobError error) {
    super(error.message());
    this.error = error;
  }

  public JobError error() {
    return error;
  }
}
