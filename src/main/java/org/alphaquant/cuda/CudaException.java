package org.alphaquant.cuda;

/** The driver or the compiler refused a call. */
public final class CudaException extends RuntimeException {

  CudaException(String message) {
    super(message);
  }
}
