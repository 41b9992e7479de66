package org.alphaquant.storage.gguf;

import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * DeepSeek-V3.2 and GLM-5, whose indexers choose the keys that latent attention sees. llama.cpp
 * runs the indexer too, after a Hadamard transform of its queries and keys that leaves scores as
 * they are.
 */
final class IndexedFamilies {

  private static final Map<String, String> NAMES =
      Map.of(
          "self_attn.indexer.wq_b", "indexer.attn_q_b",
          "self_attn.indexer.wk", "indexer.attn_k",
          "self_attn.indexer.k_norm", "indexer.k_norm",
          "self_attn.indexer.weights_proj", "indexer.proj");

  // The least width of the transform.
  private static final int HADAMARD = 64;

  private IndexedFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    families.put("deepseek_v32", of("deepseek32"));
    families.put("glm_moe_dsa", of("glm-dsa").with(IndexedFamilies::everyLayer));
  }

  private static EngineFamily of(String architecture) {
    return LatentFamilies.of(architecture)
        .named(NAMES)
        .withBiases(Set.of("indexer.k_norm"))
        .with(
            (config, keys) -> {
              keys.u32("attention.indexer.head_count", config.integer(0, "index_n_heads"));
              keys.u32("attention.indexer.key_length", config.integer(0, "index_head_dim"));
              keys.u32("attention.indexer.top_k", config.integer(0, "index_topk"));
            })
        .refusing(
            config -> config.integer(0, "index_head_dim") % HADAMARD != 0,
            "llama.cpp wants heads of the indexer whose width is a multiple of 64 (index_head_dim)");
  }

  // From a million positions on the engine takes most layers to use the choice of an earlier one.
  private static void everyLayer(FamilyConfig config, EngineKeys keys) {
    keys.put(
        "attention.indexer.types",
        MetadataValue.i32s(Collections.nCopies(config.model().layers(), 1L)));
  }
}
