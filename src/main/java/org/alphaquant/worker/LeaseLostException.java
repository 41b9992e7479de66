package org.alphaquant.worker;

/** Another worker may hold the job now; nothing may be written any more. */
public final class LeaseLostException extends AttemptEndedException {
  public LeaseLostException(String message) {
    super(message);
  }
}
