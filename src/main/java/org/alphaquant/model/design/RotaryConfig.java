package org.alphaquant.model.design;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import tools.jackson.databind.JsonNode;

/**
 * The rotary embedding settings of a config.json in either spelling: {@code rope_parameters}, or
 * {@code rope_theta} beside {@code rope_scaling}.
 *
 * @param settings the nested object, empty where there is none
 * @param positions {@code max_position_embeddings}
 * @param original positions before stretching
 * @param part share of a head's dimensions that is rotated
 */
public record RotaryConfig(
    ModelConfig settings, String type, double theta, long positions, double original, double part) {

  private static final Set<String> TYPES =
      Set.of("default", "linear", "dynamic", "llama3", "yarn", "longrope", "su", "proportional");
  private static final Set<String> KINDS =
      Set.of("full_attention", "sliding_attention", "chunked_attention");
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String THETA = "rope_theta";
  private static final String PART = "partial_rotary_factor";
  private static final String NEWER = "rope_parameters";
  private static final String OLDER = "rope_scaling";

  /** Keys that the older spelling has beside the object. */
  private static final Set<String> BESIDE = Set.of(THETA, PART);

  public RotaryConfig {
    if (!(theta > 1)) {
      throw ModelException.config(THETA, "is " + theta + "; it must be above 1");
    }
    if (!(part > 0 && part <= 1)) {
      throw ModelException.config(PART, "is " + part + "; it must be above 0 and at most 1");
    }
  }

  /**
   * For families that rotate whole heads. Refuses unknown types, settings that differ by kind of
   * layer, and a partial rotation.
   *
   * @param theta default of {@code rope_theta}
   * @param positions {@code max_position_embeddings}
   */
  public static RotaryConfig read(ModelConfig config, double theta, long positions) {
    RotaryConfig rotary = readPartial(config, theta, positions, 1);
    if (rotary.part != 1) {
      throw config.wrong(PART, "is " + rotary.part + ", but this family rotates whole heads");
    }
    return rotary;
  }

  /**
   * For families that may rotate a part of each head.
   *
   * @param part default of {@code partial_rotary_factor}
   */
  public static RotaryConfig readPartial(
      ModelConfig config, double theta, long positions, double part) {
    ModelConfig settings = settings(config);
    for (String kind : KINDS) {
      if (!settings.missing(kind)) {
        throw settings.wrong(kind, "sets rotary embeddings per kind of layer; not supported");
      }
    }
    return of(config, settings, theta, positions, part);
  }

  /**
   * For families whose full and sliding layers may rotate differently: {@code rope_parameters} has
   * an object for each kind of layer, or full layers follow {@code rope_theta} and {@code
   * rope_scaling} and sliding ones a key of their own, unscaled.
   *
   * @param sliding which kind to read
   * @param slidingTheta key of the sliding layers' theta in the older spelling
   * @param theta default of theta
   */
  public static RotaryConfig ofKind(
      ModelConfig config, boolean sliding, String slidingTheta, double theta, long positions) {
    return ofKind(config, sliding, slidingTheta, theta, positions, 1);
  }

  /**
   * The same for families that may rotate a part of each head.
   *
   * @param part default of {@code partial_rotary_factor}
   */
  public static RotaryConfig ofKind(
      ModelConfig config,
      boolean sliding,
      String slidingTheta,
      double theta,
      long positions,
      double part) {
    ModelConfig settings = settings(config);
    Optional<ModelConfig> own =
        settings.objectOrNull(sliding ? "sliding_attention" : "full_attention");
    if (own.isPresent()) {
      return of(config, own.get(), theta, positions, part);
    }
    if (sliding) {
      double local = config.numberOrNull(slidingTheta).orElse(theta);
      double share = config.numberOrNull(PART).orElse(part);
      return new RotaryConfig(ModelConfig.EMPTY, "default", local, positions, positions, share);
    }
    return of(config, settings, theta, positions, part);
  }

  private static ModelConfig settings(ModelConfig config) {
    ModelConfig older = config.objectOrNull(OLDER).orElse(ModelConfig.EMPTY);
    if (config.missingOrNull(NEWER)) {
      return older;
    }
    ModelConfig newer = config.objectOrNull(NEWER).orElse(ModelConfig.EMPTY);
    if (!older.root().isEmpty()) {
      requireAgreement(config, older.root(), newer.root());
    }
    return newer;
  }

  // transformers 5.18 reads the older object where both are there, older releases know no other,
  // and engines differ.
  private static void requireAgreement(ModelConfig config, JsonNode older, JsonNode newer) {
    Set<String> keys = new TreeSet<>();
    Stream.of(older, newer)
        .flatMap(it -> it.propertyNames().stream())
        .map(key -> key.equals("type") ? "rope_type" : key)
        .filter(key -> !BESIDE.contains(key) || older.has(key))
        .forEach(keys::add);
    for (String key : keys) {
      JsonNode one = value(older, key);
      JsonNode other = value(newer, key);
      boolean equal =
          one.isNumber() && other.isNumber()
              ? one.asDouble() == other.asDouble()
              : one.equals(other);
      if (!equal) {
        throw config.wrong(
            OLDER,
            "has %s %s and %s has %s; readers take one or the other: make them agree, or leave one out"
                .formatted(key, shown(one), NEWER, shown(other)));
      }
    }
  }

  private static String shown(JsonNode value) {
    return value.isMissingNode() ? "none" : value.toString();
  }

  private static JsonNode value(JsonNode settings, String key) {
    JsonNode value = settings.path(key);
    return value.isMissingNode() && key.equals("rope_type") ? settings.path("type") : value;
  }

  private static RotaryConfig of(
      ModelConfig config, ModelConfig settings, double theta, long positions, double part) {
    String spelling = settings.missingOrNull("rope_type") ? "type" : "rope_type";
    String type = settings.oneOf(spelling, "default", TYPES);
    // Phi-3 keeps the original context beside the settings; for LongRoPE that one counts.
    ModelConfig original =
        Set.of("longrope", "su").contains(type) && !config.missingOrNull(ORIGINAL)
            ? config
            : settings;
    return new RotaryConfig(
        settings,
        type,
        nestedOrTop(settings, config, THETA, theta),
        positions,
        original.positive(ORIGINAL, positions),
        nestedOrTop(settings, config, PART, part));
  }

  /** How queries grow beyond the original context, where the settings say so (Llama 4). */
  public Optional<PositionScale> growth() {
    return settings
        .fromZeroOrNull("llama_4_scaling_beta")
        .map(beta -> new PositionScale(beta, original, 0));
  }

  /** The same rotation of whole heads; latent attention rotates a part that has its own size. */
  public RotaryConfig whole() {
    return new RotaryConfig(settings, type, theta, positions, original, 1);
  }

  /** The same settings under another type. */
  public RotaryConfig typed(String other) {
    return new RotaryConfig(settings, other, theta, positions, original, part);
  }

  /** The same settings with another theta. */
  public RotaryConfig withTheta(double other) {
    return new RotaryConfig(settings, type, other, positions, original, part);
  }

  private static double nestedOrTop(
      ModelConfig settings, ModelConfig config, String key, double whenMissing) {
    return settings
        .numberOrNull(key)
        .or(() -> config.numberOrNull(key))
        .orElseGet(() -> meant(settings, config, key, whenMissing));
  }

  // One kind of layer does not speak for the others.
  private static double meant(
      ModelConfig settings, ModelConfig config, String key, double whenMissing) {
    boolean ofKind = KINDS.stream().anyMatch(kind -> settings.path().endsWith(kind + "."));
    return ofKind ? whenMissing : config.missingMeans(key, whenMissing);
  }

  /** Refuses types that the family's own code does not support. */
  public void requireType(Set<String> known) {
    if (!known.contains(type)) {
      throw ModelException.config(
          "rope_scaling", "has type '" + type + "'; this family knows " + String.join(", ", known));
    }
  }

  /** Rotary embeddings of heads of a dimension. */
  public RotaryDesign design(long dimension, boolean interleaved) {
    if (type.equals("proportional")) {
      double factor = settings.missingOrNull("factor") ? 1 : factor();
      long turned = (long) (part * dimension / 2);
      return new RotaryDesign(
          dimension, interleaved, new Frequencies.Proportional(theta, turned, factor));
    }
    long width = (long) (dimension * part);
    if (width < 2 || width % 2 != 0) {
      throw ModelException.config("head_dim", "makes rotary width " + width + "; it must be even");
    }
    return new RotaryDesign(width, interleaved, frequencies(width));
  }

  /**
   * Factor on the softmax scale of latent attention: m(factor, mscale_all_dim)², at every length
   * (DeepSeek-V2, modeling code).
   */
  public double latentScaleFactor() {
    if (type.equals("default") || settings.missingOrNull("mscale_all_dim")) {
      return 1;
    }
    double mscale = Yarn.mscale(factor(), settings.fromZero("mscale_all_dim", 0));
    return mscale * mscale;
  }

  double factor() {
    return settings.aboveZero("factor");
  }

  private Frequencies frequencies(long width) {
    return switch (type) {
      case "linear" -> new Frequencies.Linear(theta, factor());
      case "dynamic" -> new Frequencies.Dynamic(theta, factor(), positions);
      case "llama3" ->
          new Frequencies.Llama3(
              theta,
              factor(),
              settings.aboveZero("low_freq_factor"),
              settings.aboveZero("high_freq_factor"),
              original);
      case "yarn" -> Yarn.read(this, width);
      case "longrope", "su" -> LongRope.read(this, width);
      default -> new Frequencies.Plain(theta);
    };
  }
}
