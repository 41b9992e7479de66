package org.alphaquant.worker;

/** Another worker may hold the job now, so this attempt must not write anything more. */
public final class LeaseLostException extends AttemptEndedException {
  public LeaseLostException(String message) {
    super(message);
  }
}
