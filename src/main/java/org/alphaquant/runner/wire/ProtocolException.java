package org.alphaquant.runner.wire;

import java.io.IOException;

/** The other side sent invalid bytes, or a message that is not allowed at this point. */
public final class ProtocolException extends IOException {
  public ProtocolException(String message) {
    super(message);
  }

  ProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
