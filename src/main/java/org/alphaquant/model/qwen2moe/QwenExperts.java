package org.alphaquant.model.qwen2moe;

import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.ModelConfig;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** What the sparse Qwen models share: which layers are sparse, and how they route. */
public final class QwenExperts {

  private QwenExperts() {}

  /** Whether a layer has experts; the others are dense. */
  public static boolean sparse(ModelConfig config, int layer) {
    long experts = config.integerOrNull(config.spelling(EXPERTS)).orElse(1);
    return !config.integersOrNull("mlp_only_layers").contains((long) layer)
        && experts > 0
        && (layer + 1) % config.positive("decoder_sparse_step", 1) == 0;
  }

  /**
   * A sparse layer's block.
   *
   * @param experts what a missing {@code num_experts} means
   * @param topK what a missing {@code num_experts_per_tok} means
   * @param sharedOrNull the shared expert, or null
   */
  public static MoeDesign block(
      DecoderConfig decoder,
      ModelConfig config,
      int layer,
      int experts,
      int topK,
      SharedExpertDesign sharedOrNull) {
    String module = decoder.layer(layer) + "mlp";
    int count = config.count(config.spelling(EXPERTS), experts);
    LinearDesign gate = new LinearDesign(module + ".gate", count, decoder.hidden());
    RouterDesign router =
        SoftmaxRouterDesign.plain(
            gate, config.count("num_experts_per_tok", topK), config.flag("norm_topk_prob", false));
    return decoder.sparse(
        layer,
        router,
        new ExpertsDesign(
            module + ".experts",
            ExpertsDesign.PROJECTIONS,
            count,
            decoder.hidden(),
            config.positive("moe_intermediate_size")),
        sharedOrNull);
  }

  private static final String[] EXPERTS = {"num_experts", "num_local_experts"};
}
