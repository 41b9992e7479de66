package org.alphaquant.model.ministral3;

import java.util.List;
import java.util.Map;
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

  private static final Defaults DEFAULTS = new Defaults(1e-5, 262_144, 8, 128, 10_000);

  private static final Map<String, Object> ROTATION_WHEN_MISSING =
      Map.of(
          "rope_type", "yarn",
          "rope_theta", 1e6,
          "factor", 16.0,
          "original_max_position_embeddings", 16_384,
          "beta_fast", 32.0,
          "beta_slow", 1.0,
          "mscale_all_dim", 1.0,
          "mscale", 1.0,
          "llama_4_scaling_beta", 0.1);

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
    GroupedQueryDecoder decoder =
        GroupedQueryDecoder.read(source.rotating(ROTATION_WHEN_MISSING), DEFAULTS);
    ModelConfig config = decoder.config();
    RotaryConfig rotary = decoder.rotary();
    Scores plain = Scores.of(decoder.heads()).within(SlidingWindow.everywhere(config, 0));
    Scores scores = rotary.growth().map(plain::growing).orElse(plain);
    return decoder.blueprint(
        layer -> decoder.attention(layer, Projections.PLAIN, scores),
        layer -> decoder.dense(layer, false));
  }
}
