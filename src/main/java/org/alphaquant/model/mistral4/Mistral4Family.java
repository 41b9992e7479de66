package org.alphaquant.model.mistral4;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.Blueprint;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.LatentDesign;
import org.alphaquant.model.design.LatentShape;
import org.alphaquant.model.design.ModelFamily;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.RotaryConfig;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;
import org.alphaquant.model.design.Style;

/**
 * Mistral 4: latent attention whose queries grow with position, softmax routing, shared experts.
 */
public final class Mistral4Family implements ModelFamily {

  private static final LatentShape WHEN_MISSING =
      LatentShape.whenMissing(OptionalLong.of(1024), 256, 64, 64, 128);

  private static final Map<String, Object> ROTATION_WHEN_MISSING =
      Map.of(
          "rope_type", "yarn",
          "rope_theta", 1e4,
          "factor", 128.0,
          "original_max_position_embeddings", 8192,
          "beta_fast", 32.0,
          "beta_slow", 1.0,
          "mscale_all_dim", 1.0,
          "mscale", 1.0,
          "llama_4_scaling_beta", 0.1);

  @Override
  public FamilyDescription description() {
    return new FamilyDescription(
        "mistral4",
        List.of("Mistral4ForCausalLM"),
        "latent; YaRN; queries grow beyond the original context with llama_4_scaling_beta",
        "softmax over all experts, then top-k; renormalised unless norm_topk_prob is false, times routed_scaling_factor",
        "n_shared_experts, added plainly");
  }

  @Override
  public Blueprint blueprint(ModelSource given) {
    ModelSource source = given.rotating(ROTATION_WHEN_MISSING);
    ModelConfig config = source.config();
    if (config.count("n_group", 1) != 1) {
      throw config.wrong("n_group", "is not 1; groups are not supported for this family");
    }
    DecoderConfig decoder = DecoderConfig.read(source, 1e-6, 1_048_576, Style.PLAIN);
    LatentShape shape = LatentShape.read(config, WHEN_MISSING);
    RotaryConfig rotary = RotaryConfig.readPartial(config, 10_000, decoder.positions(), 1).whole();
    boolean bias = config.flag("attention_bias", false);
    boolean interleaved = config.flag("rope_interleave", true);
    return decoder.blueprint(
        layer ->
            LatentDesign.of(decoder, layer, shape, rotary, interleaved, bias)
                .growing(rotary.growth()),
        layer -> feedForward(source, decoder, layer));
  }

  private static FeedForwardDesign feedForward(
      ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!DeepseekExperts.sparse(source, decoder, layer, 0)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    int count = config.count(config.spelling("n_routed_experts", "num_local_experts"), 128);
    RouterDesign router =
        new SoftmaxRouterDesign(
            DeepseekExperts.router(decoder, layer, count),
            config.count("num_experts_per_tok", 4),
            config.flag("norm_topk_prob", true),
            1e-20,
            1,
            1,
            config.aboveZero("routed_scaling_factor", 1));
    MoeDesign block =
        DeepseekExperts.block(
            decoder, config, layer, router, DeepseekExperts.shared(config, 1), false);
    String stacks = decoder.layer(layer) + "mlp.experts";
    ExpertsDesign experts =
        block
            .experts()
            .fused(
                new FusedExperts(
                    stacks + ".gate_up_proj", stacks + ".down_proj", Arrangement.GATE_FIRST));
    return new MoeDesign(block.residual(), router, experts, block.shared());
  }
}
