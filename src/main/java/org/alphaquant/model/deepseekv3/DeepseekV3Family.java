package org.alphaquant.model.deepseekv3;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;
import org.alphaquant.model.design.Style;

/** DeepSeek-V3: the stored bias chooses experts but does not weight them. */
public final class DeepseekV3Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "deepseek_v3",
        List.of("DeepseekV3ForCausalLM"),
        "latent, with or without query compression; YaRN",
        "sigmoid plus correction bias, group-limited top-k, renormalised with norm_topk_prob, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.oneOf("scoring_func", "sigmoid", Set.of("sigmoid"));
    config.oneOf("topk_method", "noaux_tc", Set.of("noaux_tc"));
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 4096, Style.PLAIN);
    LatentShape shape = LatentShape.read(config);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    boolean interleaved = config.flag("rope_interleave", true);
    return decoder.blueprint(
        layer -> LatentDesign.of(decoder, layer, shape, rotary, interleaved, bias),
        layer -> feedForward(source, decoder, layer));
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!DeepseekExperts.sparse(source, decoder, layer, 3)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    LinearDesign linear =
        DeepseekExperts.router(decoder, layer, config.count("n_routed_experts", 256));
    RouterDesign router =
        new SigmoidRouterDesign(
            linear,
            linear.name() + ".e_score_correction_bias",
            config.count("num_experts_per_tok", 8),
            config.count("n_group", 8),
            config.count("topk_group", 4),
            config.flag("norm_topk_prob", true),
            config.number("routed_scaling_factor", 2.5));
    long shared =
        config.missing("n_shared_experts") ? 1 : config.integerOrNull("n_shared_experts").orElse(0);
    return DeepseekExperts.block(decoder, config, layer, router, shared, false);
  }
}
