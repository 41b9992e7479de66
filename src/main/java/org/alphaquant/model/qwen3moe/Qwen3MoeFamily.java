package org.alphaquant.model.qwen3moe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SlidingWindow;
import org.alphaquant.model.qwen2moe.QwenExperts;

/** Qwen3-MoE: the attention of Qwen3, the layers and router of Qwen2-MoE, no shared expert. */
public final class Qwen3MoeFamily implements ModelFamily {

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
    ModelConfig config = source.config();
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 32_768);
    HeadShape heads = HeadShape.read(config, 4, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("attention_bias", false);
    long window = SlidingWindow.ifUsed(config);
    return decoder.blueprint(
        layer ->
            decoder
                .attention(layer, heads, rotary)
                .withBiases(bias, bias)
                .withNorm(QueryKeyNorm.PER_HEAD)
                .withWindow(window),
        layer -> feedForward(decoder, config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    return QwenExperts.sparse(config, layer)
        ? QwenExperts.block(decoder, config, layer, 128, 8, null)
        : decoder.dense(layer, config.positive("intermediate_size"), false);
  }
}
