package org.alphaquant.model.design;

import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;

/**
 * The rotary embedding settings of a config.json in either spelling: {@code rope_parameters}, or
 * {@code rope_theta} beside {@code rope_scaling}.
 *
 * @param settings the nested object, empty where there is none
 * @param positions {@code max_position_embeddings}
 * @param part share of a head's dimensions that is rotated
 */
public record RotaryConfig(
    ModelConfig settings, String type, double theta, long positions, double part) {

  private static final Set<String> TYPES =
      Set.of("default", "linear", "dynamic", "llama3", "yarn", "longrope");
  private static final String THETA = "rope_theta";
  private static final String PART = "partial_rotary_factor";

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
   * @param theta what a missing {@code rope_theta} means
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
   * @param part what a missing {@code partial_rotary_factor} means
   */
  public static RotaryConfig readPartial(
      ModelConfig config, double theta, long positions, double part) {
    String key = config.missingOrNull("rope_parameters") ? "rope_scaling" : "rope_parameters";
    ModelConfig settings = config.objectOrNull(key).orElse(ModelConfig.EMPTY);
    for (String kind : Set.of("full_attention", "sliding_attention")) {
      if (!settings.missing(kind)) {
        throw settings.wrong(kind, "sets rotary embeddings per kind of layer; not supported");
      }
    }
    String spelling = settings.missingOrNull("rope_type") ? "type" : "rope_type";
    return new RotaryConfig(
        settings,
        settings.oneOf(spelling, "default", TYPES),
        nestedOrTop(settings, config, THETA, theta),
        positions,
        nestedOrTop(settings, config, PART, part));
  }

  private static double nestedOrTop(
      ModelConfig settings, ModelConfig config, String key, double whenMissing) {
    return settings.numberOrNull(key).or(() -> config.numberOrNull(key)).orElse(whenMissing);
  }

  /** Refuses types that a family's own code does not know. */
  public void requireType(Set<String> known) {
    if (!known.contains(type)) {
      throw ModelException.config(
          "rope_scaling", "has type '" + type + "'; this family knows " + String.join(", ", known));
    }
  }

  /** Rotary embeddings of heads of a dimension. */
  public RotaryDesign design(long dimension, boolean interleaved) {
    long width = (long) (dimension * part);
    if (width < 2 || width % 2 != 0) {
      throw ModelException.config("head_dim", "makes rotary width " + width + "; it must be even");
    }
    return new RotaryDesign(width, interleaved, frequencies(width));
  }

  /**
   * What latent attention multiplies its softmax scale with: m(factor, mscale_all_dim)², at every
   * length (DeepSeek-V2, modeling code).
   */
  public double latentScaleFactor() {
    if (type.equals("default") || settings.missingOrNull("mscale_all_dim")) {
      return 1;
    }
    double mscale = Yarn.mscale(factor(), settings.number("mscale_all_dim"));
    return mscale * mscale;
  }

  double factor() {
    double factor = settings.number("factor");
    if (!(factor > 0)) {
      throw settings.wrong("factor", "is " + factor + "; it must be above 0");
    }
    return factor;
  }

  /** Positions before stretching. */
  double originalPositions() {
    return settings.positive("original_max_position_embeddings", positions);
  }

  private Frequencies frequencies(long width) {
    return switch (type) {
      case "linear" -> new Frequencies.Linear(theta, factor());
      case "dynamic" -> new Frequencies.Dynamic(theta, factor(), positions);
      case "llama3" ->
          new Frequencies.Llama3(
              theta,
              factor(),
              settings.number("low_freq_factor"),
              settings.number("high_freq_factor"),
              originalPositions());
      case "yarn" -> Yarn.read(this, width);
      case "longrope" -> LongRope.read(this, width);
      default -> new Frequencies.Plain(theta);
    };
  }
}
