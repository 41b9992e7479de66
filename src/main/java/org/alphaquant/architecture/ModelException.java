package org.alphaquant.architecture;

/**
 * The checkpoint cannot be run: unknown family, or a config key or tensor that does not fit. The
 * message names the key or tensor, the value found and the values allowed.
 */
public final class ModelException extends RuntimeException {

  /** What is wrong. */
  public enum Kind {
    UNKNOWN_FAMILY,
    CONFIG,
    TENSOR
  }

  private final Kind kind;
  private final String subject;

  private ModelException(Kind kind, String subject, String message) {
    super(message);
    this.kind = kind;
    this.subject = subject;
  }

  public Kind kind() {
    return kind;
  }

  /** The config key, the tensor or the family's name at fault. */
  public String subject() {
    return subject;
  }

  public static ModelException unknownFamily(String seen, String message) {
    return new ModelException(Kind.UNKNOWN_FAMILY, seen, message);
  }

  /** A key of config.json that is missing, malformed or not supported. */
  public static ModelException config(String key, String message) {
    return new ModelException(Kind.CONFIG, key, "config.json: " + key + " " + message);
  }

  /** A tensor that is missing, of the wrong shape, or unknown. */
  public static ModelException tensor(String name, String message) {
    return new ModelException(Kind.TENSOR, name, "tensor " + name + " " + message);
  }
}
