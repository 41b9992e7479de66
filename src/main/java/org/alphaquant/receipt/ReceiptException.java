package org.alphaquant.receipt;

import java.io.IOException;
import java.nio.file.Path;

/** A receipt or a key that cannot be used, or a receipt that does not hold. */
public final class ReceiptException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A file that cannot be read. */
  public static ReceiptException unreadable(Path file, IOException e) {
    return new ReceiptException(file + " cannot be read: " + e, e);
  }

  ReceiptException(String message) {
    super(message);
  }

  ReceiptException(String message, Throwable cause) {
    super(message, cause);
  }
}
