package org.alphaquant.worker;

/** The worker is shutting down; the job returns to the queue. */
public final class DrainRequestedException extends AttemptEndedException {
  public DrainRequestedException(String message) {
    super(message);
  }
}
