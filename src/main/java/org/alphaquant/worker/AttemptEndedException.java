package org.alphaquant.worker;

/** Ends the work of an attempt for a reason outside of it. */
public abstract sealed class AttemptEndedException extends RuntimeException
    permits LeaseLostException,
        JobCancelledException,
        DrainRequestedException,
        RunnerKilledException {
  AttemptEndedException(String message) {
    super(message, null, false, false);
  }
}
