package org.alphaquant.storage.gguf;

import java.util.Map;

/** Families with constant factors, sinks, or norms of their own. */
final class ScaledFamilies {

  private ScaledFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    EngineFamily granite =
        EngineFamily.of("granite")
            .withAdjacentPairs()
            .withBiases(Biases.DENSE)
            .with(ScaledFamilies::granite);
    families.put("granite", granite);
    families.put(
        "granitemoe",
        EngineFamily.of("granitemoe")
            .withAdjacentPairs()
            .withBiases(Biases.ATTENTION)
            .with(ScaledFamilies::granite));
    families.put(
        "granitemoeshared",
        EngineFamily.of("granitemoe")
            .withAdjacentPairs()
            .withBiases(Biases.ATTENTION)
            .named(Map.of("shared_mlp.output_linear", "ffn_down_shexp"))
            .with(ScaledFamilies::granite)
            .with(
                (config, keys) ->
                    keys.u32(
                        "expert_shared_feed_forward_length",
                        config.integer(0, "shared_intermediate_size"))));
    families.put(
        "gpt_oss",
        EngineFamily.of("gpt-oss")
            .withOwnHead()
            .withBiases(Biases.SPARSE)
            .named(Map.of("post_attention_layernorm", "post_attention_norm"))
            .with(
                (config, keys) ->
                    keys.u32("attention.sliding_window", config.integer(0, "sliding_window"))));
    families.put("ministral3", ministral3());
    families.put(
        "phimoe",
        EngineFamily.of("phimoe")
            .refusing(
                config -> true,
                "llama.cpp weights this architecture's experts by a softmax, the model by"
                    + " SparseMixer"));
  }

  // Queries grow with each whole trained length that lies before them.
  private static EngineFamily ministral3() {
    return EngineFamily.of("mistral3")
        .withAdjacentPairs()
        .with(
            (config, keys) ->
                keys.f32("attention.temperature_scale", config.rotary("llama_4_scaling_beta", 0)))
        .refusing(
            config -> !config.rotaryType().equals("yarn"),
            "llama.cpp wants YaRN in this architecture (rope_type)")
        .refusing(
            config -> config.activeWindow() > 0,
            "llama.cpp ignores the sliding window of this architecture, which is shorter than the"
                + " context");
  }

  static void granite(FamilyConfig config, EngineKeys keys) {
    keys.f32("embedding_scale", config.real(1, "embedding_multiplier"));
    keys.f32("attention.scale", config.real(1, "attention_multiplier"));
    keys.f32("residual_scale", config.real(1, "residual_multiplier"));
    keys.f32("logit_scale", config.real(1, "logits_scaling"));
  }
}
