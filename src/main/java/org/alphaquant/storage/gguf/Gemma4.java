package org.alphaquant.storage.gguf;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.alphaquant.storage.gguf.EngineTensor.Constants;
import tools.jackson.databind.JsonNode;

/**
 * Gemma 4: heads of one size in sliding layers and of another in full ones, which turn a part of
 * their dimensions alone.
 */
final class Gemma4 {

  private static final String KEY_HEADS = "num_key_value_heads";

  /** A divisor that leaves a pair where it is. */
  private static final float STILL = 1e30f;

  private Gemma4() {}

  static EngineFamily family() {
    return EngineFamily.of("gemma4")
        .named(NAMES)
        .with(Gemma4::keys)
        .with(Gemma4::heads)
        .refusing(
            config -> dimensions(config, true).size() > 1 || dimensions(config, false).size() > 1,
            "llama.cpp wants heads of one size in all sliding layers and of one in all others"
                + " (per_layer_config)")
        .refusing(
            config -> !isProportional(config) || !slidesPlainly(config),
            "llama.cpp turns a part of each head in full layers of this architecture and never"
                + " stretches sliding ones, the model otherwise (rope_parameters)");
  }

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("post_attention_layernorm", "post_attention_norm"),
          Map.entry("pre_feedforward_layernorm", "ffn_norm"),
          Map.entry("pre_feedforward_layernorm_2", "pre_ffw_norm_2"),
          Map.entry("post_feedforward_layernorm", "post_ffw_norm"),
          Map.entry("post_feedforward_layernorm_1", "post_ffw_norm_1"),
          Map.entry("post_feedforward_layernorm_2", "post_ffw_norm_2"),
          Map.entry("layer_scalar", "layer_output_scale"),
          Map.entry("router.proj", "ffn_gate_inp"),
          Map.entry("router.scale", "ffn_gate_inp.scale"),
          Map.entry("router.per_expert_scale", "ffn_down_exps.scale"));

  private static void keys(FamilyConfig config, EngineKeys keys) {
    keys.u32("feed_forward_length", config.integer(9216, "intermediate_size"));
    keys.u32("embedding_length_per_layer_input", 0);
    keys.f32("final_logit_softcapping", config.real(0, "final_logit_softcapping"));
    keys.u32("attention.sliding_window", config.integer(512, "sliding_window"));
    keys.put("attention.sliding_window_pattern", MetadataValue.bools(config.sliding()));
  }

  private static void heads(FamilyConfig config, EngineKeys keys) {
    long full = dimension(config, config.model().layers() - 1);
    long sliding = config.integer(256, "head_dim");
    keys.put(
        "attention.head_count_kv",
        MetadataValue.u32s(layers(config).mapToObj(layer -> keyHeads(config, layer)).toList()));
    keys.u32("attention.key_length", full);
    keys.u32("attention.value_length", full);
    keys.u32("attention.key_length_swa", sliding);
    keys.u32("attention.value_length_swa", sliding);
    keys.f32("rope.freq_base", full(config).theta(1_000_000));
    keys.f32("rope.freq_base_swa", config.ofSlidingLayers().theta());
    // A proportional rotation has its frequencies from all of a head's dimensions.
    keys.u32("rope.dimension_count", full);
    keys.u32("rope.dimension_count_swa", sliding);
  }

  /** Divisors of the frequencies of full layers: all of a head's pairs have one. */
  static Constants divisors(FamilyConfig config) {
    long width = dimension(config, config.model().layers() - 1);
    int turned = (int) (full(config).rotary("partial_rotary_factor", 0.25) * width / 2);
    float[] divisors = new float[(int) width / 2];
    Arrays.fill(divisors, STILL);
    Arrays.fill(divisors, 0, turned, (float) full(config).rotary("factor", 1));
    return new Constants(divisors);
  }

  private static boolean isProportional(FamilyConfig config) {
    return config.find("rope_parameters").isEmpty()
        || full(config).rotaryType().equals("proportional");
  }

  private static boolean slidesPlainly(FamilyConfig config) {
    FamilyConfig sliding = config.ofSlidingLayers();
    return sliding.rotaryType().equals("default")
        && sliding.rotary("partial_rotary_factor", 1) == 1;
  }

  private static FamilyConfig full(FamilyConfig config) {
    return config.ofLayers("full_attention");
  }

  private static Set<Long> dimensions(FamilyConfig config, boolean sliding) {
    Set<Long> dimensions = new HashSet<>();
    layers(config)
        .filter(layer -> config.sliding().get(layer) == sliding)
        .forEach(layer -> dimensions.add(dimension(config, layer)));
    if (sliding) {
      dimensions.add(config.integer(256, "head_dim"));
    }
    return dimensions;
  }

  // transformers 5 writes what a layer has for its own, published files what all full layers have.
  private static long dimension(FamilyConfig config, int layer) {
    long usual = config.integer(256, "head_dim");
    return config
        .find("per_layer_config")
        .map(own -> own.path(Integer.toString(layer)).path("head_dim").asLong(usual))
        .orElseGet(
            () -> config.sliding().get(layer) ? usual : config.integer(512, "global_head_dim"));
  }

  private static long keyHeads(FamilyConfig config, int layer) {
    long usual = config.integer(4, KEY_HEADS);
    boolean fewer = !config.sliding().get(layer) && config.flag(false, "attention_k_eq_v");
    JsonNode own = config.root().path("per_layer_config");
    return own.isObject()
        ? own.path(Integer.toString(layer)).path(KEY_HEADS).asLong(usual)
        : fewer ? config.integer(usual, "num_global_key_value_heads") : usual;
  }

  private static IntStream layers(FamilyConfig config) {
    return IntStream.range(0, config.model().layers());
  }
}
