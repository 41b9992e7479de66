package org.alphaquant.storage.gguf;

import java.util.ArrayList;
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
    // Where kinds of layers rotate differently, an architecture that knows it has keys of its own.
    rotary(config.ofLayers("full_attention"), keys);
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
      YarnKeys stretch = new YarnKeys(config);
      keys.string("rope.scaling.type", type);
      keys.f32("rope.scaling.factor", stretch.factor());
      keys.u32("rope.scaling.original_context_length", (long) stretch.original());
    }
    if (type.equals("yarn")) {
      new YarnKeys(config).write(keys);
    }
  }

  private static void experts(FamilyConfig config, RoutingDescription routing, EngineKeys keys) {
    keys.u32("expert_count", routing.experts());
    keys.u32("expert_used_count", routing.topK());
    if (routing.groups() > 1) {
      keys.u32("expert_group_count", routing.groups());
      keys.u32("expert_group_used_count", routing.keptGroups());
    }
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

  /** Settings that llama.cpp computes differently whatever the family. */
  static List<String> obstacles(String architecture, FamilyConfig model) {
    List<String> obstacles = new ArrayList<>();
    FamilyConfig sliding = model.ofLayers("sliding_attention");
    if (sliding != model && !sliding.rotaryType().equals("default")) {
      obstacles.add("llama.cpp never stretches sliding layers by themselves (rope_parameters)");
    }
    FamilyConfig config = model.ofLayers("full_attention");
    switch (config.rotaryType()) {
      case "dynamic" ->
          obstacles.add(
              "llama.cpp does not stretch rotary embeddings dynamically beyond the trained length");
      case "longrope" ->
          obstacles.add(
              "llama.cpp chooses the factors of longrope by the size of its context, the model by"
                  + " the length of the text");
      case "llama3" -> {
        if (!RotaryFactors.areRead(architecture)) {
          obstacles.add(
              "llama.cpp does not stretch rotary embeddings of this architecture as those of"
                  + " Llama 3 (rope_type llama3)");
        }
      }
      case "yarn" -> {
        if (sliding != model && new YarnKeys(config).scalesAllLayers(architecture)) {
          obstacles.add(
              "llama.cpp scales queries and keys of sliding layers of this architecture as those of"
                  + " full ones, the model does not (attention_factor)");
        }
      }
      default -> {
        // Nothing is stretched, or all frequencies by one factor.
      }
    }
    return obstacles;
  }

  /** What differs where rotary embeddings are stretched by YaRN. */
  static List<String> stretching(String architecture, FamilyConfig model) {
    FamilyConfig config = model.ofLayers("full_attention");
    return config.rotaryType().equals("yarn")
        ? new YarnKeys(config).difference(architecture).stream().toList()
        : List.of();
  }
}
