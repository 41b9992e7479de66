package org.alphaquant.cache;

import java.io.IOException;

/** What the hub, a store or the cache refused, in words fit for whoever asked. */
public final class FetchException extends RuntimeException {

  /** What kind of refusal it is. */
  public enum Kind {
    /** The name, revision or file is not there, or hidden from this service's token. */
    NOT_FOUND,
    /** The name is not one, or this service may not ask for it. */
    NOT_ALLOWED,
    /** The token is wrong, or something has to be accepted first. */
    ACCESS,
    /** The repository cannot be used: pickles only, unsafe paths, files too large. */
    UNUSABLE,
    /** Too little room. */
    NO_SPACE,
    /** The service does not answer, answers nonsense, or sends other bytes than it says. */
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

  /** Whether asking again later may help. */
  public boolean isPassing() {
    return kind == Kind.UNAVAILABLE;
  }

  /** The reason of a failed transfer without addresses, which may be signed. */
  public static String reason(IOException cause) {
    String message = String.valueOf(cause.getMessage()).replaceAll("[?]\\S*", "");
    return cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + message);
  }

  /** Somebody who does not answer, or not to the end. */
  public static FetchException unreachable(String host, IOException cause) {
    return new FetchException(
        Kind.UNAVAILABLE, "%s does not answer: %s".formatted(host, reason(cause)), cause);
  }
}
