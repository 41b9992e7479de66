package org.alphaquant.upload;

/** A file that is not kept; the message says why. */
public final class UploadRefusedException extends RuntimeException {

  private final boolean tooLarge;

  UploadRefusedException(boolean tooLarge, String message) {
    super(message);
    this.tooLarge = tooLarge;
  }

  /** Whether it is its size, or that of all files of its owner. */
  public boolean isTooLarge() {
    return tooLarge;
  }
}
