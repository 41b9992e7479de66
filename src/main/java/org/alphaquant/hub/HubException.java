package org.alphaquant.hub;

/** What the hub, its storage or its cache refused, in words fit for whoever asked for the model. */
public final class HubException extends RuntimeException {

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

  HubException(Kind kind, String message) {
    this(kind, message, null);
  }

  HubException(Kind kind, String message, Throwable cause) {
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
}
