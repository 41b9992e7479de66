package org.alphaquant.model.qwen2moe;

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
import org.alphaquant.model.design.SharedExpertDesign;

/** Qwen2-MoE: a sigmoid gate scales the shared expert token by token. */
public final class Qwen2MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 32_768, 16, 0, 10_000);

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
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections = Projections.of(new Biases(config.flag("qkv_bias", true), false));
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    if (!QwenExperts.sparse(config, layer)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    SharedExpertDesign shared = QwenExperts.gatedShared(decoder, config, layer);
    return QwenExperts.block(decoder, config, layer, 60, 4, shared);
  }
}
