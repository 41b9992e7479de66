package org.alphaquant.model.qwen3vlmoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.qwen2moe.QwenExperts;

/** Qwen3-VL-MoE, text: Qwen3-MoE with fused, transposed experts, within a wrapper. */
public final class Qwen3VlMoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-6, 128_000, 16, 0, 500_000);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "qwen3_vl_moe_text",
        List.of("Qwen3VLMoeForConditionalGeneration"),
        "grouped-query; RMSNorm per head",
        "softmax over all experts, then top-k, always renormalised",
        "none");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections), layer -> feedForward(decoder, layer));
  }

  private static FeedForwardDesign feedForward(GroupedQueryDecoder decoder, int layer) {
    ModelConfig config = decoder.config();
    DecoderConfig base = decoder.decoder();
    if (!QwenExperts.sparse(config, layer)) {
      return decoder.dense(layer, false);
    }
    String module = base.layer(layer) + "mlp";
    int count = config.count(config.spelling("num_experts", "num_local_experts"), 60);
    LinearDesign gate = new LinearDesign(module + ".gate", count, base.hidden());
    int topK = config.count("num_experts_per_tok", 4);
    String stacks = module + ".experts";
    ExpertsDesign experts =
        QwenExperts.experts(base, config, stacks, count)
            .fused(
                new FusedExperts(
                    stacks + ".gate_up_proj", stacks + ".down_proj", Arrangement.TRANSPOSED));
    return base.sparse(layer, SoftmaxRouterDesign.plain(gate, topK, true), experts, null);
  }
}
