package org.alphaquant.model.granite;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.granitemoe.GraniteFactors;

/** Granite: Llama with four constant factors. */
public final class GraniteFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 2048, 0, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "granite",
        List.of("GraniteForCausalLM"),
        "grouped-query; scores times attention_multiplier, outputs times residual_multiplier",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source, DEFAULTS, GraniteFactors.style(config));
    Projections projections = Projections.of(Biases.all(config.flag("attention_bias", false)));
    Scores scores = Scores.of(decoder.heads()).scaled(config.aboveZero("attention_multiplier", 1));
    boolean mlpBias = config.flag("mlp_bias", false);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections, scores),
        layer -> decoder.dense(layer, mlpBias));
  }
}
