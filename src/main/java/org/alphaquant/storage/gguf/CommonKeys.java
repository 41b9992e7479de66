package org.alphaquant.storage.gguf;

import java.util.List;
import org.alphaquant.architecture.RoutingDescription;

/** The metadata that every architecture reads. */
final class CommonKeys {

  private CommonKeys() {}

  static void write(FamilyConfig config, EngineKeys keys) {
    keys.u32("block_count", config.model().layers());
    keys.u32("context_length", config.integer(2048, "max_position_embeddings"));
    keys.u32("embedding_length", config.model().hidden());
    keys.u32("vocab_size", config.model().vocabulary());
    keys.u32("feed_forward_length", config.integer(0, "intermediate_size"));
    attention(config, keys);
    rotary(config, keys);
    config.routing().ifPresent(routing -> experts(config, routing, keys));
  }

  private static void attention(FamilyConfig config, EngineKeys keys) {
    keys.u32("attention.head_count", config.heads());
    keys.u32("attention.head_count_kv", config.keyHeads());
    keys.f32(
        "attention.layer_norm_rms_epsilon",
        config.real(1e-6, "rms_norm_eps", "norm_eps", "layer_norm_eps"));
    keys.u32("attention.key_length", config.headDimension());
    keys.u32("attention.value_length", config.headDimension());
  }

  private static void rotary(FamilyConfig config, EngineKeys keys) {
    keys.f32("rope.freq_base", config.theta());
    keys.u32("rope.dimension_count", config.rotaryDimension());
    String type = config.rotaryType();
    if (type.equals("linear") || type.equals("yarn")) {
      keys.string("rope.scaling.type", type);
      keys.f32("rope.scaling.factor", config.rotary("factor", 1));
      long context = config.integer(2048, "max_position_embeddings");
      keys.u32(
          "rope.scaling.original_context_length",
          (long) config.rotary("original_max_position_embeddings", context));
    }
    if (type.equals("yarn")) {
      keys.f32("rope.scaling.yarn_beta_fast", config.rotary("beta_fast", 32));
      keys.f32("rope.scaling.yarn_beta_slow", config.rotary("beta_slow", 1));
    }
  }

  private static void experts(FamilyConfig config, RoutingDescription routing, EngineKeys keys) {
    keys.u32("expert_count", routing.experts());
    keys.u32("expert_used_count", routing.topK());
    keys.u32(
        "expert_feed_forward_length",
        config.integer(config.integer(0, "intermediate_size"), "moe_intermediate_size"));
  }

  /** How experts are weighted, for the architectures that read it. */
  static void weighting(FamilyConfig config, EngineKeys keys) {
    config
        .routing()
        .ifPresent(
            routing -> {
              keys.f32("expert_weights_scale", routing.scale());
              keys.bool("expert_weights_norm", routing.renormalised());
              keys.u32("expert_gating_func", routing.score().equals("sigmoid") ? 2 : 1);
            });
  }

  /** Leading dense layers and shared experts. */
  static void shared(FamilyConfig config, EngineKeys keys) {
    keys.u32("leading_dense_block_count", config.leadingDense());
    keys.u32("expert_shared_count", config.integer(0, "n_shared_experts"));
  }

  /** Settings that llama.cpp computes differently in every architecture. */
  static List<String> obstacles(FamilyConfig config) {
    return switch (config.rotaryType()) {
      case "dynamic" ->
          List.of(
              "llama.cpp does not stretch rotary embeddings dynamically beyond the trained length");
      case "longrope" ->
          List.of(
              "llama.cpp chooses the factors of longrope by the size of its context, the model by"
                  + " the length of the text");
      case "yarn" -> yarn(config);
      default -> List.of();
    };
  }

  private static List<String> yarn(FamilyConfig config) {
    double usual = 1 + 0.1 * Math.log(Math.max(1, config.rotary("factor", 1)));
    double asked = config.rotary("attention_factor", usual);
    return Math.abs(asked - usual) > 1e-6 * usual
        ? List.of(
            "llama.cpp scales attention by %.6g for this factor of YaRN, the model by %.6g"
                    .formatted(usual, asked)
                + " (attention_factor)")
        : List.of();
  }
}
