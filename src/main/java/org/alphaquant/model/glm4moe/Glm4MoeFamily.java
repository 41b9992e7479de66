package org.alphaquant.model.glm4moe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;

/**
 * GLM-4-MoE: grouped-query attention with partial rotation over the expert blocks of DeepSeek-V3.
 */
public final class Glm4MoeFamily implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 0, 10_000, 0.5);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "glm4_moe",
        List.of("Glm4MoeForCausalLM"),
        "grouped-query; partial rotary, optional RMSNorm per head and q, k, v biases",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(
            new Biases(config.flag("attention_bias", false), false),
            config.flag("use_qk_norm", false) ? QueryKeyNorm.PER_HEAD : QueryKeyNorm.NONE);
    return decoder.blueprint(
        layer -> decoder.attention(layer, projections),
        layer -> feedForward(decoder.decoder(), config, layer));
  }

  private static FeedForwardDesign feedForward(
      DecoderConfig decoder, ModelConfig config, int layer) {
    if (layer < config.integerOrNull("first_k_dense_replace").orElse(1)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    String experts = config.spelling("n_routed_experts", "num_local_experts");
    LinearDesign linear = DeepseekExperts.router(decoder, layer, config.count(experts, 128));
    RouterDesign router =
        new SigmoidRouterDesign(
            linear,
            linear.name() + ".e_score_correction_bias",
            config.count("num_experts_per_tok", 8),
            config.count("n_group", 1),
            config.count("topk_group", 1),
            config.flag("norm_topk_prob", true),
            config.number("routed_scaling_factor", 1));
    long shared =
        config.missing("n_shared_experts") ? 1 : config.integerOrNull("n_shared_experts").orElse(0);
    return DeepseekExperts.block(decoder, config, layer, router, shared, false);
  }
}
