package org.alphaquant.security;

import java.time.Duration;

/** A key sends more requests than it may. */
public final class TooManyRequestsException extends RuntimeException {

  private final transient Duration retryAfter;

  TooManyRequestsException(String message, Duration retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  /** When the next request will be let in. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
