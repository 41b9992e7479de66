package org.alphaquant.security;

import java.time.Duration;

/** A key or an address sends too many requests. */
public final class TooManyRequestsException extends RuntimeException {

  private final transient Duration retryAfter;

  TooManyRequestsException(String message, Duration retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  /** How long to wait before the next request. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
