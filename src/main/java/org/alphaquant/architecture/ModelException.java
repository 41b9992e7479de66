package org.alphaquant.architecture;

/**
 * The checkpoint cannot be run: unknown family, or a config key or tensor that does not fit. The
 * message names the key or tensor, the value found and the values allowed.
 */
public final class ModelException extends RuntimeException {

  /** The kind of fault. */
  public enum Kind {
    UNKNOWN_FAMILY,
    CONFIG,
    TENSOR,
    /** The weights are quantized in a way that is not read. */
    QUANTIZED,
    /** A weight has infinities or not-a-number. */
    WEIGHT_NOT_FINITE,
    /** The scales of a quantized weight are beyond the type that the result stores them in. */
    SCALE_OUT_OF_RANGE,
    /** The output of a layer has infinities or not-a-number. */
    ACTIVATION_NOT_FINITE,
    /** The perplexity is infinite or not-a-number. */
    PERPLEXITY_NOT_FINITE
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

  /** Weights that a tool has quantized in a way that is not read. */
  public static ModelException quantized(String message) {
    return new ModelException(Kind.QUANTIZED, "quantization_config", message);
  }

  /** A tensor with an infinity or not-a-number, which no model can be computed with. */
  public static ModelException weightNotFinite(String name, String where) {
    return new ModelException(
        Kind.WEIGHT_NOT_FINITE,
        name,
        "tensor %s has an infinity or not-a-number %s; fetch the model again, or take another"
            .formatted(name, where));
  }

  /** A weight whose scales are beyond what a result can store. */
  public static ModelException scaleOutOfRange(String name, String type, String format) {
    return new ModelException(
        Kind.SCALE_OUT_OF_RANGE,
        name,
        "tensor %s has scales beyond %s, in which %s stores them; choose another output.format"
            .formatted(name, type, format));
  }

  /**
   * Values that are not finite in the forward pass.
   *
   * @param place where they arise, such as {@code layer 3}
   */
  public static ModelException activationNotFinite(String place) {
    return new ModelException(
        Kind.ACTIVATION_NOT_FINITE,
        place,
        place
            + " gives an infinity or not-a-number: its weights, or a setting of config.json, take"
            + " the numbers beyond float32");
  }

  /** A model whose perplexity is not finite although the outputs of all layers are. */
  public static ModelException perplexityNotFinite(double negativeLogLikelihood) {
    return new ModelException(
        Kind.PERPLEXITY_NOT_FINITE,
        "perplexity",
        "the perplexity is no finite number: the mean negative log-likelihood of a token is "
            + negativeLogLikelihood);
  }

  /** A tensor that is missing, of the wrong shape, or unknown. */
  public static ModelException tensor(String name, String message) {
    return new ModelException(Kind.TENSOR, name, "tensor " + name + " " + message);
  }
}
