package org.alphaquant.worker;

/** A client cancelled the job. */
public final class JobCancelledException extends AttemptEndedException {
  public JobCancelledException(String message) {
    super(message);
  }
}
