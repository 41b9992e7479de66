package org.alphaquant.model.deepseekv2;

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
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.Style;

/** DeepSeek-V2: weights are scaled by routed_scaling_factor and never renormalised. */
public final class DeepseekV2Family implements ModelFamily {

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "deepseek_v2",
        List.of("DeepseekV2ForCausalLM"),
        "latent, with or without query compression; YaRN",
        "softmax over all experts, greedy or group-limited top-k, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource source) {
    ModelConfig config = source.config();
    config.refuse("use_mla", false);
    config.oneOf("scoring_func", "softmax", Set.of("softmax"));
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 2048, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, LatentShape.DEEPSEEK);
    RotaryConfig rotary = RotaryConfig.read(config, 10_000, decoder.positions());
    boolean bias = config.flag("attention_bias", false);
    return decoder.blueprint(
        layer -> LatentDesign.of(decoder, layer, shape, rotary, true, bias),
        layer -> feedForward(source, decoder, layer));
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    boolean bias = config.flag("mlp_bias", false);
    if (!DeepseekExperts.sparse(source, decoder, layer, 0)) {
      return decoder.dense(layer, config.positive("intermediate_size"), bias);
    }
    long shared = DeepseekExperts.shared(config, 2);
    return DeepseekExperts.block(
        decoder, config, layer, router(decoder, config, layer), shared, bias);
  }

  private static RouterDesign router(DecoderConfig decoder, ModelConfig config, int layer) {
    String method = config.oneOf("topk_method", "greedy", Set.of("greedy", GROUP_LIMITED));
    boolean grouped = method.equals(GROUP_LIMITED);
    return new SoftmaxRouterDesign(
        DeepseekExperts.router(decoder, layer, config.count("n_routed_experts", 64)),
        config.count("num_experts_per_tok"),
        false,
        0,
        grouped ? config.count("n_group") : 1,
        grouped ? config.count("topk_group") : 1,
        config.aboveZero("routed_scaling_factor", 1));
  }

  private static final String GROUP_LIMITED = "group_limited_greedy";
}
