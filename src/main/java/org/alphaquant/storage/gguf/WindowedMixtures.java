package org.alphaquant.storage.gguf;

import java.util.Map;

/** Families with experts, some of whose layers see a window of the text and others all of it. */
final class WindowedMixtures {

  private WindowedMixtures() {}

  static void add(Map<String, EngineFamily> families) {
    families.put("exaone_moe", exaone());
    families.put("mimo_v2_flash", MimoV2.family());
  }

  private static EngineFamily exaone() {
    return EngineFamily.of("exaone-moe")
        .withOwnHead()
        .named(Map.of("mlp.e_score_correction_bias", "exp_probs_b"))
        .with(WindowedFamilies::listed)
        .with(CommonKeys::weighting)
        .with(
            (config, keys) -> {
              long shared = config.integer(1, "num_shared_experts");
              keys.u32("leading_dense_block_count", config.leadingDense());
              keys.u32("expert_shared_count", shared);
              keys.u32(
                  "expert_shared_feed_forward_length",
                  shared * config.integer(1024, "moe_intermediate_size"));
            })
        .refusing(
            config -> WindowedFamilies.window(config) == 0,
            "llama.cpp leaves layers of this architecture that see all of the text without"
                + " positions, the model has no others and rotates them (sliding_window)")
        .refusing(
            config -> config.integer(1, "num_shared_experts") == 0,
            "llama.cpp wants a shared expert in this architecture (num_shared_experts)")
        .refusing(
            config -> !config.sparseFrom(config.leadingDense()),
            "llama.cpp wants experts in every layer behind the leading dense ones of this"
                + " architecture (mlp_layer_types)");
  }
}
