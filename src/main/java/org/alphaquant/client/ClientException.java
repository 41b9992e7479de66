package org.alphaquant.client;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** The reason why a command failed; the message is one sentence for the user. */
public final class ClientException extends RuntimeException {
  /** A command that failed: a refused request, a failed job. */
  public static final int FAILED = 1;

  /** An unknown option or argument. */
  public static final int USAGE = 2;

  /** A service that does not answer. */
  public static final int UNREACHABLE = 3;

  private final int status;

  public ClientException(String message) {
    this(message, FAILED);
  }

  public ClientException(String message, Throwable cause) {
    super(message, cause);
    this.status = FAILED;
  }

  ClientException(String message, int status) {
    super(message);
    this.status = status;
  }

  /** Why a file cannot be read, without the names of exceptions. */
  public static ClientException unreadable(String file, IOException cause) {
    String reason =
        cause instanceof NoSuchFileException
            ? "does not exist"
            : cause instanceof AccessDeniedException
                ? "may not be read"
                : "cannot be read: " + cause.getMessage();
    return new ClientException(file + " " + reason, cause);
  }

  /** The exit status of the process that ends with this. */
  public int status() {
    return status;
  }
}
