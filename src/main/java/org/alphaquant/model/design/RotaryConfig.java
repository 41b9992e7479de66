package org.alphaquant.model.design;

import java.util.Set;
import org.alphaquant.model.ModelException;

/**
 * The rotary embedding settings of a config.json in either spelling: {@code rope_parameters}, or
 * {@code rope_theta} beside {@code rope_scaling}.
 *
 * @param settings the nested object, or an empty one
 * @param positions {@code max_position_embeddings}
 */
public record RotaryConfig(ModelConfig settings, String type, double theta, long positions) {

  private static final Set<String> TYPES =
      Set.of("default", "linear", "dynamic", "llama3", "yarn", "longrope");

  /** Refuses unknown types and settings that differ by kind of layer. */
  public static RotaryConfig read(ModelConfig config, double theta, long positions) {
    String key = config.missingOrNull("rope_parameters") ? "rope_scaling" : "rope_parameters";
    ModelConfig settings = config.objectOrNull(key).orElse(null);
    if (settings == null) {
      double topLevel = config.numberOrNull("rope_theta").orElse(theta);
      return new RotaryConfig(null, "default", topLevel, config.positive(POSITIONS, positions));
    }
    config.numberOrNull("partial_rotary_factor").ifPresent(part -> requireWhole(config, part));
    settings.numberOrNull("partial_rotary_factor").ifPresent(part -> requireWhole(settings, part));
    for (String kind : Set.of("full_attention", "sliding_attention")) {
      if (!settings.missing(kind)) {
        throw settings.wrong(kind, "sets rotary embeddings per kind of layer; not supported");
      }
    }
    String spelling = settings.missingOrNull("rope_type") ? "type" : "rope_type";
    String type = settings.oneOf(spelling, "default", TYPES);
    double topLevel = config.numberOrNull("rope_theta").orElse(theta);
    return new RotaryConfig(
        settings,
        type,
        settings.numberOrNull("rope_theta").orElse(topLevel),
        config.positive(POSITIONS, positions));
  }

  private static final String POSITIONS = "max_position_embeddings";

  public RotaryConfig {
    if (!(theta > 1)) {
      throw ModelException.config("rope_theta", "is " + theta + "; it must be above 1");
    }
  }

  /** Refuses types that a family's own code does not know. */
  public void requireType(Set<String> known) {
    if (!known.contains(type)) {
      throw ModelException.config(
          "rope_scaling", "has type '" + type + "'; this family knows " + String.join(", ", known));
    }
  }

  /** Rotary embeddings over the first {@code width} dimensions of a head. */
  public RotaryDesign design(long width, boolean interleaved) {
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

  private static void requireWhole(ModelConfig config, double part) {
    if (part != 1) {
      throw config.wrong("partial_rotary_factor", "is " + part + ", which this family has not");
    }
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
