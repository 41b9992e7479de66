package org.alphaquant.storage.gguf;

import java.util.Map;

/** The Hunyuan models, dense and sparse, and Hunyuan 3. */
final class HunyuanFamilies {

  private static final Map<String, String> NAMES =
      Map.of(
          "self_attn.query_layernorm", "attn_q_norm",
          "self_attn.key_layernorm", "attn_k_norm",
          "mlp.gate.wg", "ffn_gate_inp",
          "mlp.shared_mlp.gate_proj", "ffn_gate_shexp",
          "mlp.shared_mlp.up_proj", "ffn_up_shexp",
          "mlp.shared_mlp.down_proj", "ffn_down_shexp",
          "mlp.router.gate", "ffn_gate_inp",
          "mlp.expert_bias", "exp_probs_b");

  private HunyuanFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    families.put("hunyuan_v1_dense", EngineFamily.of("hunyuan-dense").named(NAMES));
    families.put(
        "hunyuan_v1_moe",
        EngineFamily.of("hunyuan-moe")
            .named(NAMES)
            .with(
                (config, keys) ->
                    keys.u32(
                        "expert_shared_feed_forward_length",
                        shared(config, "intermediate_size", "num_shared_expert"))));
    families.put(
        "hy_v3",
        EngineFamily.of("hy_v3")
            .named(NAMES)
            .with(CommonKeys::weighting)
            .with(
                (config, keys) ->
                    keys.u32(
                        "expert_shared_feed_forward_length",
                        shared(config, "moe_intermediate_size", "num_shared_experts"))));
  }

  private static long shared(FamilyConfig config, String width, String count) {
    return config.integer(0, width) * Math.max(1, config.integer(1, count));
  }
}
