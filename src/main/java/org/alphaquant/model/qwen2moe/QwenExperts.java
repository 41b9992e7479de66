package org.alphaquant.model.qwen2moe;

import java.util.Optional;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SharedExpertDesign;
import org.alphaquant.model.design.SoftmaxRouterDesign;

/** Common parts of the sparse Qwen models: which layers are sparse, and how they route. */
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
   * @param experts default of {@code num_experts}
   * @param topK default of {@code num_experts_per_tok}
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
        ExpertsDesign.of(
            module + ".experts", count, decoder.hidden(), config.positive("moe_intermediate_size")),
        sharedOrNull);
  }

  /** Routed experts under the usual names. */
  public static ExpertsDesign experts(
      DecoderConfig decoder, ModelConfig config, String module, int count) {
    return ExpertsDesign.of(
        module, count, decoder.hidden(), config.positive("moe_intermediate_size"));
  }

  /** The shared expert, scaled by a sigmoid gate token by token. */
  public static SharedExpertDesign gatedShared(
      DecoderConfig decoder, ModelConfig config, int layer) {
    String module = decoder.layer(layer) + "mlp.shared_expert";
    long width = config.positive("shared_expert_intermediate_size");
    return new SharedExpertDesign(
        MlpDesign.of(module, decoder.hidden(), width, false, decoder.style().activation()),
        Optional.of(new LinearDesign(module + "_gate", 1, decoder.hidden())));
  }

  private static final String[] EXPERTS = {"num_experts", "num_local_experts"};
}
