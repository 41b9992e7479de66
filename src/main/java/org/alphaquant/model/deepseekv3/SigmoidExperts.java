package org.alphaquant.model.deepseekv3;

import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.deepseek.DeepseekExperts;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.FeedForwardDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SigmoidRouterDesign;

/**
 * Feed-forward blocks that route like DeepSeek-V3, with the defaults of their keys.
 *
 * @param experts {@code n_routed_experts}
 * @param topK {@code num_experts_per_tok}
 * @param groups {@code n_group}
 * @param keptGroups {@code topk_group}
 * @param scale {@code routed_scaling_factor}
 * @param dense {@code first_k_dense_replace}
 * @param renormalise {@code norm_topk_prob}
 */
public record SigmoidExperts(
    int experts,
    int topK,
    int groups,
    int keptGroups,
    double scale,
    int dense,
    boolean renormalise) {

  // MiMo-V2-Flash is published with null.
  private static final String SCALE = "routed_scaling_factor";
  private static final String[] EXPERTS = {"n_routed_experts", "num_local_experts", "num_experts"};

  /** For families that renormalise. */
  public SigmoidExperts(
      int experts, int topK, int groups, int keptGroups, double scale, int dense) {
    this(experts, topK, groups, keptGroups, scale, dense, true);
  }

  /** A layer's block: dense, or routed with shared experts beside. */
  public FeedForwardDesign feedForward(ModelSource source, DecoderConfig decoder, int layer) {
    ModelConfig config = source.config();
    if (!DeepseekExperts.sparse(source, decoder, layer, dense)) {
      return decoder.dense(layer, config.positive("intermediate_size"), false);
    }
    LinearDesign linear =
        DeepseekExperts.router(decoder, layer, config.count(config.spelling(EXPERTS), experts));
    RouterDesign router = router(config, linear, linear.name() + ".e_score_correction_bias");
    return DeepseekExperts.block(
        decoder, config, layer, router, DeepseekExperts.shared(config, 1), false);
  }

  /** The router with the bias under a given name. */
  public RouterDesign router(ModelConfig config, LinearDesign linear, String bias) {
    config.oneOf("scoring_func", "sigmoid", Set.of("sigmoid"));
    config.oneOf("topk_method", "noaux_tc", Set.of("noaux_tc"));
    return new SigmoidRouterDesign(
        linear,
        bias,
        config.count("num_experts_per_tok", topK),
        config.count("n_group", groups),
        config.count("topk_group", keptGroups),
        config.flag("norm_topk_prob", renormalise),
        config.missingOrNull(SCALE) ? scale : config.aboveZero(SCALE));
  }
}
