package org.alphaquant.job;

/**
 * What a request names cannot be looked at now, because the service that has it does not answer.
 */
public class SourceAwayException extends RuntimeException {

  public SourceAwayException(String message, Throwable cause) {
    super(message, cause);
  }
}
