package org.alphaquant.model.hyv3;

import java.util.List;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Biases;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.Defaults;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.GroupedQueryDecoder;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.Projections;
import org.alphaquant.model.design.QueryKeyNorm;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.StoredNames;

/** Hunyuan 3: Qwen3 attention, the router of DeepSeek-V3 without groups, one shared MLP. */
public final class HyV3Family implements ModelFamily {

  private static final Defaults DEFAULTS = new Defaults(1e-5, 131_072, 8, 128, 11_158_840);

  private static final StoredNames STORED_NAMES =
      StoredNames.of("mlp.router.gate.weight", "mlp.gate.weight")
          .and("mlp.expert_bias", "mlp.e_score_correction_bias")
          .and("mlp.shared_mlp.", "mlp.shared_experts.");

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "hy_v3",
        List.of("HYV3ForCausalLM"),
        "grouped-query; RMSNorm per head",
        "sigmoid plus expert bias, top-k, renormalised, times router_scaling_factor",
        "one, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    GroupedQueryDecoder decoder = GroupedQueryDecoder.read(source, DEFAULTS);
    ModelConfig config = decoder.config();
    Projections projections =
        Projections.of(Biases.all(config.flag("attention_bias", false)), QueryKeyNorm.PER_HEAD);
    return decoder
        .blueprint(
            layer -> decoder.attention(layer, projections),
            layer -> feedForward(source, decoder.decoder(), layer))
        .storedAs(source, STORED_NAMES);
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    boolean bias = config.flag("mlp_bias", false);
    if (!DeepseekExperts.sparse(source, decoder, layer, 1)) {
      return decoder.dense(layer, config.positive("intermediate_size"), bias);
    }
    String module = decoder.layer(layer) + "mlp";
    int count = config.count("num_experts", 192);
    long width = config.positive("moe_intermediate_size");
    RouterDesign router =
        new SigmoidRouterDesign(
            new LinearDesign(module + ".router.gate", count, decoder.hidden()),
            module + ".expert_bias",
            config.count("num_experts_per_tok", 8),
            1,
            1,
            true,
            config.aboveZero("router_scaling_factor", 2.826));
    long shared = Math.max(1, DeepseekExperts.shared(config, 1)) * width;
    MlpDesign mlp =
        MlpDesign.of(
            module + ".shared_mlp", decoder.hidden(), shared, bias, decoder.style().activation());
    return decoder.sparse(
        layer,
        router,
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width),
        new SharedExpertDesign(mlp));
  }
}
