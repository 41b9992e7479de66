package org.alphaquant.model.granitemoe;

import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Multipliers;
import org.alphaquant.model.design.Style;

/** The constant factors that all Granite models have. */
public final class GraniteFactors {

  private GraniteFactors() {}

  /** RMSNorm and SwiGLU with the factors of config.json. */
  public static Style style(ModelConfig config) {
    return Style.with(
        new Multipliers(
            config.aboveZero("embedding_multiplier", 1),
            config.aboveZero("residual_multiplier", 1),
            1 / config.aboveZero("logits_scaling", 1)));
  }
}
