package org.alphaquant.worker;

/** A client asked for the job's end. */
public final class JobCancelledException extends AttemptEndedException {
  public JobCancelledException(String message) {
    super(message);
  }
}
