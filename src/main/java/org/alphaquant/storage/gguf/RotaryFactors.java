package org.alphaquant.storage.gguf;

import java.util.Optional;
import java.util.Set;
import org.alphaquant.storage.gguf.EngineTensor.Constants;

/** The divisors of rotary frequencies that stretch Llama 3's contexts. */
final class RotaryFactors {

  /** Architectures that load them; in others no tensor has that name. */
  private static final Set<String> READ =
      Set.of("llama", "llama4", "exaone4", "exaone-moe", "granite", "granitemoe", "granitehybrid");

  private RotaryFactors() {}

  static boolean areRead(String architecture) {
    return READ.contains(architecture);
  }

  /** Empty for other kinds of stretching, and where they are not read. */
  static Optional<Constants> of(String architecture, FamilyConfig model) {
    if (model.model().family().equals("gemma4_text")) {
      return Optional.of(Gemma4.divisors(model));
    }
    FamilyConfig config = model.ofLayers("full_attention");
    if (!areRead(architecture) || !config.rotaryType().equals("llama3")) {
      return Optional.empty();
    }
    double factor = config.rotary("factor", 8);
    double low = config.rotary("low_freq_factor", 1);
    double high = config.rotary("high_freq_factor", 4);
    double context = config.rotary("original_max_position_embeddings", 8192);
    long width = config.rotaryDimension();
    float[] divisors = new float[(int) width / 2];
    for (int i = 0; i < divisors.length; i++) {
      double wave = 2 * Math.PI * Math.pow(config.theta(), 2.0 * i / width);
      divisors[i] = (float) divisor(wave, factor, low, high, context);
    }
    return Optional.of(new Constants(divisors));
  }

  // Short waves stay, long ones are stretched, those between are blended.
  private static double divisor(
      double wave, double factor, double low, double high, double context) {
    if (wave < context / high) {
      return 1;
    }
    if (wave > context / low) {
      return factor;
    }
    double kept = (context / wave - low) / (high - low);
    return 1 / ((1 - kept) / factor + kept);
  }
}
