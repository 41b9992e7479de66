package org.alphaquant.model.ministral3;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Ministral 3: Mistral with YaRN, whose queries grow with position beyond the original context. */
public final class Ministral3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 262_144, 8, 128, 1_000_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "ministral3",
        List.of("Ministral3ForCausalLM"),
        "grouped-query; YaRN; queries grow beyond the original context with llama_4_scaling_beta",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    if (config.missingOrNull("rope_parameters") && config.missingOrNull("rope_scaling")) {
      throw config.wrong("rope_parameters", "is missing; this family has no default for it");
    }
    RotaryConfig rotary = decoder.rotary();
    Scores plain = Scores.of(decoder.heads()).within(SlidingWindow.everywhere(config, 0));
    Scores scores = rotary.growth().map(plain::growing).orElse(plain);
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.PLAIN, scores),
        layer -> decoder.dense(layer, false));
  }
}
