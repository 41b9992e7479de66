package org.alphaquant.job;

/** A model or text cannot be read now because the service that hosts it does not answer. */
public class SourceAwayException extends RuntimeException {

  public SourceAwayException(String message, Throwable cause) {
    super(message, cause);
  }
}
