package org.alphaquant.job;

/** Thrown by a run that knows what its failure is. */
public class RunFailure extends RuntimeException {
  private final transient JobError error;

  public RunFailure(JobError.Kind kind, String code, String message) {
    this(kind, code, message, null);
  }

  public RunFailure(JobError.Kind kind, String code, String message, Throwable cause) {
    super(message, cause);
    this.error = new JobError(code, kind, message, root(message, cause));
  }

  // What is at the bottom of it, where the message does not say it already.
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
