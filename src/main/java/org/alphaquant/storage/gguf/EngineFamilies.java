package org.alphaquant.storage.gguf;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * llama.cpp's architectures by the families' {@code model_type}; facts of version 0.5.0, from its
 * {@code src/models} and from running it.
 */
final class EngineFamilies {

  private static final String NOT_RENORMALISED =
      "llama.cpp does not divide the chosen scores of this architecture by their sum"
          + " (norm_topk_prob), the model does";
  private static final String RENORMALISED =
      "llama.cpp divides the chosen scores of this architecture by their sum, the model does not"
          + " (norm_topk_prob)";
  private static final String WINDOW =
      "llama.cpp ignores the sliding window of this architecture, which is shorter than the"
          + " context";
  private static final String ALL_SPARSE =
      "llama.cpp wants experts in every layer of this architecture (mlp_only_layers,"
          + " decoder_sparse_step)";

  private static final Map<String, EngineFamily> BY_MODEL_TYPE = families();

  private EngineFamilies() {}

  static Optional<EngineFamily> of(String modelType) {
    return Optional.ofNullable(BY_MODEL_TYPE.get(modelType));
  }

  private static Map<String, EngineFamily> families() {
    Map<String, EngineFamily> families = new HashMap<>();
    dense(families);
    mixtures(families);
    LatentFamilies.add(families);
    ScaledFamilies.add(families);
    NewerFamilies.add(families);
    return Map.copyOf(families);
  }

  private static void dense(Map<String, EngineFamily> families) {
    EngineFamily llama =
        EngineFamily.of("llama")
            .withAdjacentPairs()
            .withBiases(Biases.DENSE)
            .refusing(c -> c.activeWindow() > 0, WINDOW);
    families.put("llama", llama);
    families.put("mistral", llama);
    families.put("ministral", llama);
    families.put("mixtral", llama.refusing(c -> !c.renormalised(), RENORMALISED));
    EngineFamily qwen2 =
        EngineFamily.of("qwen2")
            .withBiases(Biases.QUERY_KEY_VALUE)
            .refusing(c -> c.activeWindow() > 0, WINDOW);
    families.put("qwen2", qwen2);
    families.put("qwen3", EngineFamily.of("qwen3").refusing(c -> c.activeWindow() > 0, WINDOW));
  }

  private static void mixtures(Map<String, EngineFamily> families) {
    families.put(
        "olmoe",
        EngineFamily.of("olmoe")
            .withOwnHead()
            .refusing(
                c -> c.real(0, "clip_qkv") != 0,
                "llama.cpp does not clip queries, keys and values (clip_qkv)")
            .refusing(
                c -> c.keyHeads() != c.heads(),
                "llama.cpp wants as many key heads as heads in this architecture")
            .refusing(FamilyConfig::renormalised, NOT_RENORMALISED));
    families.put(
        "qwen2_moe",
        EngineFamily.of("qwen2moe")
            .withOwnHead()
            .withBiases(Biases.QUERY_KEY_VALUE)
            .with(
                (config, keys) ->
                    keys.u32(
                        "expert_shared_feed_forward_length",
                        config.integer(0, "shared_expert_intermediate_size")))
            .refusing(FamilyConfig::renormalised, NOT_RENORMALISED)
            .refusing(c -> !c.sparseFrom(0), ALL_SPARSE)
            .refusing(c -> c.activeWindow() > 0, WINDOW));
    families.put(
        "qwen3_moe",
        EngineFamily.of("qwen3moe")
            .refusing(c -> !c.renormalised(), RENORMALISED)
            .refusing(c -> !c.sparseFrom(0), ALL_SPARSE)
            .refusing(c -> c.activeWindow() > 0, WINDOW));
    families.put(
        "deepseek",
        EngineFamily.of("deepseek")
            .withAdjacentPairs()
            .with(CommonKeys::shared)
            .with(
                (config, keys) ->
                    keys.f32("expert_weights_scale", config.routing().orElseThrow().scale()))
            .refusing(FamilyConfig::renormalised, NOT_RENORMALISED)
            .refusing(c -> !c.sparseFrom(c.leadingDense()), ALL_SPARSE));
    families.put(
        "glm4_moe",
        EngineFamily.of("glm4moe")
            .withBiases(Biases.QUERY_KEY_VALUE)
            .named(Map.of("post_attention_layernorm", "post_attention_norm"))
            .with(CommonKeys::shared)
            .with(CommonKeys::weighting)
            .refusing(c -> !c.sparseFrom(c.leadingDense()), ALL_SPARSE));
  }
}
