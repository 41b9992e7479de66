package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Laguna: gated heads, as many as each layer has, and a rotation for each kind of layer. */
final class Laguna {

  private static final String HEADS = "num_attention_heads_per_layer";

  private Laguna() {}

  static EngineFamily family() {
    return EngineFamily.of("laguna")
        .named(
            Map.of(
                "self_attn.g_proj", "attn_gate",
                "mlp.experts.e_score_correction_bias", "exp_probs_b"))
        .with(CommonKeys::weighting)
        .with(Laguna::keys)
        .with(Laguna::rotations)
        .refusing(
            config -> !config.sparseFrom(config.leadingDense()),
            "llama.cpp wants experts in every layer behind the leading dense ones of this"
                + " architecture (mlp_layer_types)")
        .refusing(
            config -> slides(config) && period(config) == 0,
            "llama.cpp wants the first layer and those at equal distances from it to see all of the"
                + " text in this architecture, the model has others (layer_types)");
  }

  private static void keys(FamilyConfig config, EngineKeys keys) {
    keys.u32("leading_dense_block_count", config.leadingDense());
    keys.u32("expert_shared_count", 1);
    keys.u32(
        "expert_shared_feed_forward_length",
        config.integer(512, "shared_expert_intermediate_size"));
    config
        .find(HEADS)
        .map(list -> list.valueStream().map(JsonNode::asLong).toList())
        .filter(list -> list.stream().distinct().count() > 1)
        .ifPresent(list -> keys.put("attention.head_count", MetadataValue.u32s(list)));
    if (slides(config)) {
      keys.u32("attention.sliding_window", WindowedFamilies.window(config));
      keys.u32("attention.sliding_window_pattern", period(config));
    }
  }

  private static void rotations(FamilyConfig config, EngineKeys keys) {
    FamilyConfig full = config.ofLayers("full_attention");
    keys.f32("rope.freq_base", full.theta(500_000));
    keys.u32("rope.dimension_count", full.rotaryDimension(0.5));
    keys.f32("rope.freq_base_swa", sliding(config).theta());
    keys.u32("rope.dimension_count_swa", sliding(config).rotaryDimension());
  }

  private static FamilyConfig sliding(FamilyConfig config) {
    return config.ofSlidingLayers();
  }

  private static boolean slides(FamilyConfig config) {
    return config.sliding().contains(true);
  }

  // The distance between layers that see everything, of which the first is one; 0 for another
  // order.
  private static int period(FamilyConfig config) {
    List<Boolean> sliding = config.sliding();
    return IntStream.rangeClosed(2, sliding.size())
        .filter(
            period ->
                IntStream.range(0, sliding.size()).allMatch(i -> sliding.get(i) == i % period > 0))
        .findFirst()
        .orElse(0);
  }
}
