package org.alphaquant.model.mimo;

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
import org.alphaquant.model.design.SlidingWindow;

/** MiMo-7B: Qwen2 with layers that predict further tokens, which are carried along. */
public final class MimoFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 32, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mimo",
        List.of("MiMoForCausalLM"),
        "grouped-query; biases on q, k, v with attention_bias",
        "none",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(new Biases(config.flag("attention_bias", true), false));
    Scores scores = Scores.of(decoder.heads());
    return decoder.blueprint(
        layer ->
            decoder.attention(
                layer, projections, scores.within(SlidingWindow.ofLayer(config, layer))),
        layer -> decoder.dense(layer, false));
  }
}
