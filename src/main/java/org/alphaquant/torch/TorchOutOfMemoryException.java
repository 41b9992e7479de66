package org.alphaquant.torch;

/** The device has no room for an array of this stage; a smaller memory plan may succeed. */
public final class TorchOutOfMemoryException extends TorchException {

  TorchOutOfMemoryException(String stage, String message, Throwable cause) {
    super(stage, message, cause);
  }
}
