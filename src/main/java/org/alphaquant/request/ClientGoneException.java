package org.alphaquant.request;

/** The client that this thread was working for has disconnected. */
public final class ClientGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ClientGoneException() {
    super("The client closed its connection before the response");
  }
}
