package org.alphaquant.worker;

/** The worker stops; the job goes back to the queue. */
public final class DrainRequestedException extends AttemptEndedException {
  public DrainRequestedException(String message) {
    super(message);
  }
}
