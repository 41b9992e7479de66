package org.alphaquant.upload;

/** A refused upload; the message says why. */
public final class UploadRefusedException extends RuntimeException {

  private final boolean tooLarge;

  UploadRefusedException(boolean tooLarge, String message) {
    super(message);
    this.tooLarge = tooLarge;
  }

  /** Whether the file, or all files of its owner together, are too large. */
  public boolean isTooLarge() {
    return tooLarge;
  }
}
