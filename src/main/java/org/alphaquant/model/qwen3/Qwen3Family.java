package org.alphaquant.model.qwen3;

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
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;

/** Qwen3: norms per head before rotation; head_dim is 128 unless given. */
public final class Qwen3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 32, 128, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3",
        List.of("Qwen3ForCausalLM"),
        "grouped-query; RMSNorm per head; optional sliding window",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    Scores scores = Scores.of(decoder.heads());
    return decoder.blueprint(
        layer ->
            decoder.attention(
                layer, projections, scores.within(SlidingWindow.ofLayer(config, layer))),
        layer -> decoder.dense(layer, false));
  }
}
