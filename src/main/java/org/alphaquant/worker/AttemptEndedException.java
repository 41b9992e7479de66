package org.alphaquant.worker;

/** Stops an attempt for a reason other than its own failure. */
public abstract sealed class AttemptEndedException extends RuntimeException
    permits LeaseLostException,
        JobCancelledException,
        DrainRequestedException,
        RunnerKilledException {
  AttemptEndedException(String message) {
    super(message, null, false, false);
  }
}
