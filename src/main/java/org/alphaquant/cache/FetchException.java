package org.alphaquant.cache;

import java.io.IOException;

/** A refusal of the hub, a store or the cache, with a message fit for the client. */
public final class FetchException extends RuntimeException {

  /** The kind of refusal. */
  public enum Kind {
    /** The name, revision or file does not exist, or the service's token may not see it. */
    NOT_FOUND,
    /** The name is malformed, or the operator's settings do not permit it. */
    NOT_ALLOWED,
    /** The token is wrong, or the model's conditions have to be accepted first. */
    ACCESS,
    /** The repository cannot be used: pickles only, unsafe paths, files too large. */
    UNUSABLE,
    /** Not enough space. */
    NO_SPACE,
    /**
     * The server does not answer, answers with malformed content, or sends bytes that do not match
     * their hash.
     */
    UNAVAILABLE
  }

  private final Kind kind;

  public FetchException(Kind kind, String message) {
    this(kind, message, null);
  }

  public FetchException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** Whether a later retry may succeed. */
  public boolean isPassing() {
    return kind == Kind.UNAVAILABLE;
  }

  /** The reason of a failed transfer without addresses, which may be signed. */
  public static String reason(IOException cause) {
    String message = String.valueOf(cause.getMessage()).replaceAll("[?]\\S*", "");
    return cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + message);
  }

  /** A timeout or a cut connection. */
  public static FetchException unreachable(String host, IOException cause) {
    return new FetchException(
        Kind.UNAVAILABLE, "%s does not answer: %s".formatted(host, reason(cause)), cause);
  }
}
