package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;

/** Families of 2025 and later whose layers equal those of older ones under other names. */
final class NewerFamilies {

  private static final String WINDOW =
      "llama.cpp ignores the sliding window of this architecture, which is shorter than the"
          + " context";
  private static final String ALL_SPARSE =
      "llama.cpp wants experts in every layer behind the leading dense ones of this architecture";

  static final Map<String, String> NORMS_BEHIND =
      Map.of(
          "post_attention_layernorm", "post_attention_norm",
          "post_feedforward_layernorm", "post_ffw_norm");

  private NewerFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    dense(families);
    mixtures(families);
    HunyuanFamilies.add(families);
    OlmoFamilies.add(families);
    UnrotatedFamilies.add(families);
    WindowedFamilies.add(families);
    WindowedMixtures.add(families);
    AlternatingFamilies.add(families);
    IndexedFamilies.add(families);
    RecurrentFamilies.add(families);
    families.put("kimi_linear", KimiLinear.family());
    families.put("llama4_text", Llama4.family());
    families.put("gemma4_text", Gemma4.family());
    families.put("laguna", Laguna.family());
    families.put("mellum", Mellum.family());
    // The same layers under another name.
    families.put("mimo", families.get("qwen2"));
    families.put("solar_open", families.get("glm4_moe"));
    families.put("glm4_moe_lite", families.get("deepseek_v3"));
    families.put("kimi_k2", families.get("deepseek_v3"));
  }

  private static void dense(Map<String, EngineFamily> families) {
    families.put(
        "seed_oss",
        EngineFamily.of("seed_oss")
            .withBiases(Biases.QUERY_KEY_VALUE)
            .named(Map.of("post_attention_layernorm", "post_attention_norm")));
    families.put("ernie4_5", EngineFamily.of("ernie4_5"));
    families.put(
        "glm4",
        EngineFamily.of("glm4")
            .withBiases(Biases.QUERY_KEY_VALUE)
            .named(
                Map.of(
                    "post_self_attn_layernorm", "post_attention_norm",
                    "post_mlp_layernorm", "post_ffw_norm",
                    "mlp.gate_up_proj", "ffn_up")));
    families.put(
        "phi3",
        EngineFamily.of("phi3")
            .named(Map.of("self_attn.qkv_proj", "attn_qkv", "mlp.gate_up_proj", "ffn_up"))
            .with((config, keys) -> keys.u32("attention.sliding_window", config.activeWindow()))
            .refusing(config -> config.activeWindow() > 0, WINDOW));
  }

  private static void mixtures(Map<String, EngineFamily> families) {
    families.put(
        "dots1",
        EngineFamily.of("dots1")
            .withOwnHead()
            .with(CommonKeys::shared)
            .with(CommonKeys::weighting)
            .refusing(
                config -> config.keyHeads() != config.heads(),
                "llama.cpp wants as many key heads as heads in this architecture")
            .refusing(config -> config.activeWindow() > 0, WINDOW)
            .refusing(config -> !config.sparseFrom(config.leadingDense()), ALL_SPARSE));
    families.put("qwen3_vl_text", EngineFamily.of("qwen3vl").with(NewerFamilies::sections));
    families.put("qwen3_vl_moe_text", EngineFamily.of("qwen3vlmoe").with(NewerFamilies::sections));
    families.put(
        "minimax_m2",
        EngineFamily.of("minimax-m2")
            .withOwnHead()
            .named(Map.of("block_sparse_moe.e_score_correction_bias", "exp_probs_b"))
            .with(CommonKeys::weighting)
            .with(
                (config, keys) ->
                    keys.u32(
                        "expert_feed_forward_length", config.integer(0, "intermediate_size"))));
    families.put(
        "ernie4_5_moe",
        EngineFamily.of("ernie4_5-moe")
            .named(Map.of("mlp.moe_statics.e_score_correction_bias", "exp_probs_b"))
            .with(
                (config, keys) -> {
                  long shared = config.integer(0, "moe_num_shared_experts");
                  keys.u32("leading_dense_block_count", config.leadingDense());
                  keys.u32("interleave_moe_layer_step", 1);
                  keys.u32("expert_shared_count", shared);
                  keys.u32(
                      "expert_shared_feed_forward_length",
                      shared * config.integer(0, "moe_intermediate_size"));
                })
            .refusing(config -> !config.sparseFrom(config.leadingDense()), ALL_SPARSE));
  }

  // For text all sections have the same position. The engine deals dimensions to three of them in
  // turn and gives what is beyond the last turn that they hold the position 0, so all hold as many
  // as the first is dealt.
  static void sections(FamilyConfig config, EngineKeys keys) {
    long third = (config.rotaryDimension() / 2 + 2) / 3;
    keys.put("rope.dimension_sections", MetadataValue.i32s(List.of(third, third, third, 0L)));
    keys.u32("n_deepstack_layers", 0);
  }
}
