package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;

/** Families some of whose layers mix tokens by a recurrence. */
final class RecurrentFamilies {

  private static final String ALL_SPARSE =
      "llama.cpp wants experts in every layer of this architecture (mlp_only_layers,"
          + " decoder_sparse_step)";

  private static final String RENORMALISED =
      "llama.cpp divides the chosen scores of this architecture by their sum, the model does not"
          + " (norm_topk_prob)";

  private RecurrentFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    families.put(
        "granitemoehybrid",
        EngineFamily.of("granitehybrid")
            .withBiases(Biases.ATTENTION)
            .withAdjacentPairs()
            .named(Map.of("shared_mlp.output_linear", "ffn_down_shexp"))
            .with(ScaledFamilies::granite)
            .with(RecurrentFamilies::mamba)
            .with(
                (config, keys) -> {
                  keys.u32(
                      "expert_shared_feed_forward_length",
                      config.integer(0, "shared_intermediate_size"));
                  keys.bool("rope.scaling.finetuned", rotates(config));
                })
            .refusing(
                config -> config.routing().isEmpty(),
                "llama.cpp is not known to run models of this family without experts")
            .refusing(
                config -> config.integer(1, "mamba_n_groups") != 1,
                "llama.cpp norms each group of this architecture's recurrence by itself, the model"
                    + " all together (mamba_n_groups)")
            .refusing(
                config -> !config.flag(true, "mamba_conv_bias"),
                "llama.cpp wants biases of convolutions in this architecture (mamba_conv_bias)"));
    families.put("nemotron_h", nemotron());
    families.put("qwen3_next", qwen3Next());
    families.put("qwen3_5_text", delta("qwen35").with(NewerFamilies::sections));
    families.put(
        "qwen3_5_moe_text",
        delta("qwen35moe").with(NewerFamilies::sections).with(RecurrentFamilies::sharedExpert));
  }

  private static boolean rotates(FamilyConfig config) {
    return config
        .find("position_embedding_type")
        .map(type -> type.asString().equals("rope"))
        .orElse(false);
  }

  // Each layer is one of recurrence, attention, experts: the engine tells them by these lists.
  private static EngineFamily nemotron() {
    return EngineFamily.of("nemotron_h_moe")
        .named(
            Map.ofEntries(
                Map.entry("norm", "attn_norm"),
                Map.entry("mixer.q_proj", "attn_q"),
                Map.entry("mixer.k_proj", "attn_k"),
                Map.entry("mixer.v_proj", "attn_v"),
                Map.entry("mixer.o_proj", "attn_output"),
                Map.entry("mixer.gate", "ffn_gate_inp"),
                Map.entry("mixer.gate.e_score_correction_bias", "exp_probs_b"),
                Map.entry("mixer.shared_experts.up_proj", "ffn_up_shexp"),
                Map.entry("mixer.shared_experts.down_proj", "ffn_down_shexp")))
        .with(RecurrentFamilies::mamba)
        .with(CommonKeys::weighting)
        .with(
            (config, keys) -> {
              long width = config.integer(0, "moe_intermediate_size");
              List<Long> sparse = config.whereThereIs("mixer.gate.weight", width);
              keys.put("feed_forward_length", MetadataValue.i32s(sparse));
              double epsilon =
                  config.real(
                      1e-5, "rms_norm_eps", "layer_norm_eps", "norm_eps", "layer_norm_epsilon");
              keys.f32("attention.layer_norm_epsilon", epsilon);
              keys.f32("attention.layer_norm_rms_epsilon", epsilon);
              keys.u32("expert_shared_count", config.integer(1, "n_shared_experts"));
              keys.u32(
                  "expert_shared_feed_forward_length",
                  config.integer(0, "moe_shared_expert_intermediate_size"));
              keys.u32("expert_group_count", config.integer(1, "n_group"));
            })
        .refusing(
            config -> config.routing().isEmpty(),
            "llama.cpp is not known to run models of this family without experts")
        .refusing(
            config -> config.whereThereIs("mixer.up_proj.weight", 1).contains(1L),
            "llama.cpp wants experts in every feed-forward layer of this architecture"
                + " (layers_block_type)")
        .refusing(
            config -> !config.flag(true, "use_conv_bias"),
            "llama.cpp wants biases of convolutions in this architecture (use_conv_bias)");
  }

  private static void mamba(FamilyConfig config, EngineKeys keys) {
    long heads = config.integer(128, "mamba_n_heads", "mamba_num_heads");
    long inner = config.integer(2, "mamba_expand") * config.model().hidden();
    long width = config.integer(inner / heads, "mamba_d_head", "mamba_head_dim");
    keys.u32("ssm.conv_kernel", config.integer(4, "mamba_d_conv", "conv_kernel"));
    keys.u32("ssm.state_size", config.integer(256, "mamba_d_state", "ssm_state_size"));
    keys.u32("ssm.group_count", config.integer(1, "mamba_n_groups", "n_groups"));
    keys.u32("ssm.inner_size", heads * width);
    keys.u32("ssm.time_step_rank", heads);
    keys.put("attention.head_count_kv", keyHeads(config));
  }

  // None in other layers, which is how the engine tells them.
  private static MetadataValue keyHeads(FamilyConfig config) {
    return MetadataValue.i32s(config.whereThereIs("k_proj.weight", config.keyHeads()));
  }

  private static EngineFamily qwen3Next() {
    return delta("qwen3next")
        .with(RecurrentFamilies::sharedExpert)
        .refusing(config -> !config.renormalised(), RENORMALISED)
        .refusing(config -> !config.sparseFrom(0), ALL_SPARSE);
  }

  private static void sharedExpert(FamilyConfig config, EngineKeys keys) {
    keys.u32(
        "expert_shared_feed_forward_length", config.integer(0, "shared_expert_intermediate_size"));
  }

  private static EngineFamily delta(String architecture) {
    return EngineFamily.of(architecture)
        .withNormsPlusOne()
        .named(Map.of("post_attention_layernorm", "post_attention_norm"))
        .with(
            (config, keys) -> {
              long heads = config.integer(32, "linear_num_value_heads");
              keys.u32("ssm.conv_kernel", config.integer(4, "linear_conv_kernel_dim"));
              keys.u32("ssm.state_size", config.integer(128, "linear_key_head_dim"));
              keys.u32("ssm.group_count", config.integer(16, "linear_num_key_heads"));
              keys.u32("ssm.time_step_rank", heads);
              keys.u32("ssm.inner_size", heads * config.integer(128, "linear_value_head_dim"));
              keys.u32("full_attention_interval", interval(config));
            })
        .refusing(
            config ->
                config.integer(128, "linear_key_head_dim")
                    != config.integer(128, "linear_value_head_dim"),
            "llama.cpp wants keys and values of linear attention to be as wide as each other"
                + " (linear_key_head_dim, linear_value_head_dim)")
        .refusing(
            config -> config.real(1e-6, "rms_norm_eps") != 1e-6,
            "llama.cpp takes rms_norm_eps for the lengths of queries and keys of linear attention,"
                + " the model takes 1e-6")
        .refusing(
            config -> interval(config) == 0,
            "llama.cpp wants the layers that attend to all of the text at equal distances in this"
                + " architecture (layer_types)");
  }

  // Every so manieth layer attends; 0 where that does not hold.
  private static long interval(FamilyConfig config) {
    List<Long> attends = config.whereThereIs("k_proj.weight", 1);
    int every = attends.indexOf(1L) + 1;
    for (int i = 0; i < attends.size(); i++) {
      if (every == 0 || attends.get(i) == 1 != ((i + 1) % every == 0)) {
        return 0;
      }
    }
    return every;
  }
}
