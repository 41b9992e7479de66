package org.alphaquant.database;

/** The embedded database cannot be started; the message says what to do. */
class DatabaseStartException extends RuntimeException {
  DatabaseStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
