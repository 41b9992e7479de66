package org.alphaquant.model.qwen3moe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.Scores;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.qwen2moe.QwenExperts;

/** Qwen3-MoE: the attention of Qwen3, the layers and router of Qwen2-MoE, no shared expert. */
public final class Qwen3MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 4, 0, 10_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_moe",
        List.of("Qwen3MoeForCausalLM"),
        "grouped-query; RMSNorm per head; optional sliding window",
        "softmax over all experts, then top-k; renormalised only with norm_topk_prob",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    Scores scores = Scores.of(decoder.heads()).within(SlidingWindow.ifUsed(config));
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections, scores),
        layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    return QwenExperts.sparse(config, layer)
        ? QwenExperts.block(decoder, config, layer, 128, 8, null)
        : decoder.dense(layer, config.positive("intermediate_size"), false);
  }
}
