package org.alphaquant.model.deepseek;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.model.design.DecoderConfig;
import org.alphaquant.model.design.ExpertsDesign;
import org.alphaquant.model.design.LinearDesign;
import org.alphaquant.model.design.MlpDesign;
import org.alphaquant.model.design.ModelSource;
import org.alphaquant.model.design.MoeDesign;
import org.alphaquant.model.design.RouterDesign;
import org.alphaquant.model.design.SharedExpertDesign;

/** Common parts of the DeepSeek models: dense first layers, plain shared experts. */
public final class DeepseekExperts {

  private static final String TYPES = "mlp_layer_types";

  private DeepseekExperts() {}

  /**
   * Whether a layer of DeepSeek-V2 or V3 has experts. The reference implementation leaves {@code
   * moe_layer_freq} unread, the original code does not; where they differ, the presence of a router
   * in the file decides.
   *
   * @param dense default of {@code first_k_dense_replace}
   */
  public static boolean sparse(ModelSource source, DecoderConfig decoder, int layer, int dense) {
    ModelConfig config = source.config();
    List<String> types = config.textsOrNull(TYPES);
    if (!types.isEmpty()) {
      return listed(config, types, layer);
    }
    return layer >= config.integerOrNull("first_k_dense_replace").orElse(dense)
        && (layer % config.positive("moe_layer_freq", 1) == 0
            || source.has(router(decoder, layer, 1).weight()));
  }

  private static boolean listed(ModelConfig config, List<String> types, int layer) {
    if (layer >= types.size()) {
      throw config.wrong(TYPES, "has " + types.size() + " entries, fewer than layers");
    }
    String type = types.get(layer);
    if (!Set.of("dense", "sparse").contains(type)) {
      throw config.wrong(TYPES, "holds '" + type + "'; it must be dense or sparse");
    }
    return type.equals("sparse");
  }

  /**
   * How many shared experts there are.
   *
   * @param whenMissing where config.json does not say; a null says that there are none
   */
  public static long shared(ModelConfig config, long whenMissing) {
    String key = config.spelling("n_shared_experts", "num_shared_experts");
    return config.fromZeroOrNull(key, whenMissing);
  }

  /** The linear that a sparse layer routes by. */
  public static LinearDesign router(DecoderConfig decoder, int layer, int experts) {
    return new LinearDesign(decoder.layer(layer) + "mlp.gate", experts, decoder.hidden());
  }

  /**
   * A sparse layer's block.
   *
   * @param shared number of shared experts, stored as one of their joint width; 0 for none
   * @param sharedBias whether the shared experts' linears have biases
   */
  public static MoeDesign block(
      DecoderConfig decoder,
      ModelConfig config,
      int layer,
      RouterDesign router,
      long shared,
      boolean sharedBias) {
    String module = decoder.layer(layer) + "mlp";
    long width = config.positive("moe_intermediate_size");
    int count = Math.toIntExact(router.linear().out());
    MlpDesign joint =
        MlpDesign.of(
            module + ".shared_experts",
            decoder.hidden(),
            Math.max(1, shared) * width,
            sharedBias,
            decoder.style().activation());
    return decoder.sparse(
        layer,
        router,
        ExpertsDesign.of(module + ".experts", count, decoder.hidden(), width),
        shared == 0 ? null : new SharedExpertDesign(joint));
  }
}
