package org.alphaquant.model.qwen2moe;

import java.util.List;
import java.util.Optional;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.HeadShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RotaryDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SwiGluDesign;

/** Qwen2-MoE: a sigmoid gate scales the shared expert token by token. */
public final class Qwen2MoeFamily implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen2_moe",
        List.of("Qwen2MoeForCausalLM"),
        "grouped-query; biases on q, k, v",
        "softmax over all experts, then top-k; renormalised only with norm_topk_prob",
        "one, scaled by a sigmoid gate");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    // Versions of the reference implementation disagree on which layers would slide.
    config.refuse("use_sliding_window", true);
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 32_768);
    HeadShape heads = HeadShape.read(config, 16, 0);
    RotaryDesign rotary =
        RotaryConfig.read(config, 10_000, decoder.positions()).design(heads.dimension(), false);
    boolean bias = config.flag("qkv_bias", true);
    return decoder.blueprint(
        layer -> decoder.attention(layer, heads, rotary).withBiases(bias, false),
        layer -> feedForward(decoder, config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    if (!QwenExperts.sparse(config, layer)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    String module = decoder.layer(layer) + "mlp.shared_expert";
    long width = config.positive("shared_expert_intermediate_size");
    SharedExpertDesign shared =
        new SharedExpertDesign(
            SwiGluDesign.of(module, decoder.hidden(), width, false),
            Optional.of(new LinearDesign(module + "_gate", 1, decoder.hidden())));
    return QwenExperts.block(decoder, config, layer, 60, 4, shared);
  }
}
