package org.alphaquant.storage.gguf;

import java.util.Map;
import org.alphaquant.architecture.RoutingDescription;

/** MiMo-V2-Flash: sinks, narrower values, and key heads and a rotation for each kind of layer. */
final class MimoV2 {

  private static final String PART = "partial_rotary_factor";
  private static final double ROTATED = 0.334;
  private static final String VALUE_SCALE = "attention_value_scale";

  private MimoV2() {}

  static EngineFamily family() {
    return EngineFamily.of("mimo2")
        .withOwnHead()
        .named(Map.of("self_attn.attention_sink_bias", "attn_sinks"))
        .with(WindowedFamilies::listed)
        .with(MimoV2::keys)
        .refusing(
            config -> !config.routing().map(MimoV2::plainSigmoid).orElse(true),
            "llama.cpp divides the chosen scores of this architecture by their sum and multiplies"
                + " them by nothing, the model otherwise (norm_topk_prob, routed_scaling_factor)")
        .refusing(
            MimoV2::hasOtherHeads,
            "llama.cpp wants as many heads of the same width in all layers of this architecture"
                + " (swa_num_attention_heads, swa_head_dim, swa_v_head_dim)")
        .refusing(
            MimoV2::rotatesOtherwise,
            "llama.cpp rotates as much of each head in all layers of this architecture and"
                + " stretches no sliding ones, the model otherwise (rope_parameters)");
  }

  private static void keys(FamilyConfig config, EngineKeys keys) {
    long heads = config.integer(4, "num_key_value_heads");
    long sliding = config.integer(2 * heads, "swa_num_key_value_heads");
    long width = config.integer(192, "head_dim");
    keys.put(
        "attention.head_count_kv",
        MetadataValue.i32s(
            config.sliding().stream().map(slides -> slides ? sliding : heads).toList()));
    keys.u32("attention.key_length", width);
    keys.u32("attention.value_length", config.integer(128, "v_head_dim"));
    keys.f32("attention.value_scale", valueScale(config));
    keys.f32(
        "attention.layer_norm_rms_epsilon", config.real(1e-5, "rms_norm_eps", "layernorm_epsilon"));
    FamilyConfig full = config.ofLayers("full_attention");
    keys.u32("rope.dimension_count", (long) (width * full.rotary(PART, ROTATED)));
    keys.f32("rope.freq_base", full.theta(5_000_000));
    keys.f32("rope.freq_base_swa", slidingTheta(config));
  }

  private static double slidingTheta(FamilyConfig config) {
    return config.ofSlidingLayers().theta(config.real(10_000, "swa_rope_theta"));
  }

  // Null means none, a missing key the usual one.
  private static double valueScale(FamilyConfig config) {
    return config.root().path(VALUE_SCALE).isNull() ? 1 : config.real(0.707, VALUE_SCALE);
  }

  private static boolean plainSigmoid(RoutingDescription routing) {
    return routing.renormalised() && routing.scale() == 1;
  }

  private static boolean hasOtherHeads(FamilyConfig config) {
    return differs(config, "num_attention_heads", "swa_num_attention_heads")
        || differs(config, "head_dim", "swa_head_dim")
        || differs(config, "v_head_dim", "swa_v_head_dim");
  }

  private static boolean differs(FamilyConfig config, String full, String sliding) {
    return config.find(sliding).isPresent()
        && config.integer(0, full) != config.integer(0, sliding);
  }

  private static boolean rotatesOtherwise(FamilyConfig config) {
    FamilyConfig full = config.ofLayers("full_attention");
    FamilyConfig sliding = config.ofSlidingLayers();
    return sliding.rotary(PART, ROTATED) != full.rotary(PART, ROTATED)
        || !sliding.rotaryType().equals("default");
  }
}
