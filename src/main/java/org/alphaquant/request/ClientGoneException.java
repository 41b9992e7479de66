package org.alphaquant.request;

/** Nobody waits any more for what this thread was computing. */
public final class ClientGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClientGoneException() {
    super("The client closed its connection before it had its answer");
  }
}
