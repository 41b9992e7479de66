package org.alphaquant.source;

/** A model or file that cannot be used; the message names it and what is allowed. */
public final class SourceException extends RuntimeException {

  public SourceException(String message) {
    super(message);
  }
}
