package org.alphaquant.worker;

/** Another worker may hold the job now; nothing may be written any more. */
public final class LeaseLostException extends AttemptEndedException {
  LeaseLostException(String message) {
    super(message);
  }
}
