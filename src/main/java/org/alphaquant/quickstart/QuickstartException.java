package org.alphaquant.quickstart;

/** Why the quickstart cannot go on; the message is one sentence for the person at the terminal. */
final class QuickstartException extends RuntimeException {

  QuickstartException(String message) {
    super(message);
  }

  QuickstartException(String message, Throwable cause) {
    super(message, cause);
  }
}
