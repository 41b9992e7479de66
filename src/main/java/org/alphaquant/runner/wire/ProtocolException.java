package org.alphaquant.runner.wire;

import java.io.IOException;

/** The other side sent what is no message, or none of those that may come now. */
public final class ProtocolException extends IOException {
  public ProtocolException(String message) {
    super(message);
  }

  ProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
