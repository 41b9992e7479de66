package org.alphaquant.model.exaonemoe;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.deepseekv3.SigmoidExperts;
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
import org.alphaquant.model.design.StoredNames;
import org.alphaquant.model.exaone4.HybridAttention;

/** K-EXAONE: the attention of EXAONE 4 behind its norm, the experts of DeepSeek-V3. */
public final class ExaoneMoeFamily implements ModelFamily {

  private static final SigmoidExperts EXPERTS = new SigmoidExperts(64, 8, 1, 1, 2.5, 1);
  private static final Defaults DEFAULTS = new Defaults(1e-5, 2048, 32, 0, 10_000);

  private static final StoredNames STORED_NAMES =
      StoredNames.of("mlp.e_score_correction_bias", "mlp.gate.e_score_correction_bias");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "exaone_moe",
        List.of("ExaoneMoeForCausalLM"),
        "grouped-query; RMSNorm per head; sliding window on three of four layers, no rotary on the others",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "num_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    Projections projections = Projections.of(QueryKeyNorm.PER_HEAD);
    return decoder
        .blueprint(
            layer -> HybridAttention.of(decoder, projections, layer),
            layer -> feedForward(source, decoder.decoder(), layer))
        .storedAs(source, STORED_NAMES);
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!DeepseekExperts.sparse(source, decoder, layer, 1)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    LinearDesign linear = DeepseekExperts.router(decoder, layer, config.count("num_experts", 64));
    String bias = decoder.layer(layer) + "mlp.e_score_correction_bias";
    RouterDesign router = EXPERTS.router(config, linear, bias);
    return DeepseekExperts.block(
        decoder, config, layer, router, DeepseekExperts.shared(config, 1), false);
  }
}
