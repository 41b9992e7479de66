package org.alphaquant.model.glm4moe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;

/**
 * GLM-4-MoE: grouped-query attention with partial rotation over the expert blocks of DeepSeek-V3.
 */
public final class Glm4MoeFamily implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(128, 8, 1, 1, 1, 1);

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
        layer -> EXPERTS.feedForward(source, decoder.decoder(), layer));
  }
}
