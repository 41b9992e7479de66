package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.architecture.LayerDescription;
import tools.jackson.databind.JsonNode;

/** Families that alternate layers of sliding and full attention. */
final class WindowedFamilies {

  private static final Map<String, String> GEMMA_NORMS =
      Map.of(
          "post_attention_layernorm", "post_attention_norm",
          "pre_feedforward_layernorm", "ffn_norm",
          "post_feedforward_layernorm", "post_ffw_norm");
  static final String BY_TURNS =
      "llama.cpp wants the layers that see all of the text at equal distances in this architecture"
          + " (layer_types)";
  private static final String SCALE =
      "llama.cpp scales queries of this architecture by their length, the model by another number"
          + " (query_pre_attn_scalar)";

  private WindowedFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    EngineFamily gemma =
        EngineFamily.of("gemma2")
            .withNormsPlusOne()
            .named(GEMMA_NORMS)
            .with(WindowedFamilies::windows)
            .refusing(config -> period(config).isEmpty(), BY_TURNS)
            .refusing(WindowedFamilies::scalesOtherwise, SCALE);
    families.put(
        "gemma2",
        gemma
            .refusing(FamilyConfig::hasOwnHead, FamilyConfig.TIED)
            .with(
                (config, keys) -> {
                  keys.f32("attn_logit_softcapping", config.real(0, "attn_logit_softcapping"));
                  keys.f32("final_logit_softcapping", config.real(0, "final_logit_softcapping"));
                })
            .refusing(
                config ->
                    config.real(0, "attn_logit_softcapping") == 0
                        || config.real(0, "final_logit_softcapping") == 0,
                "llama.cpp caps the logits of this architecture, the model does not"
                    + " (attn_logit_softcapping, final_logit_softcapping)"));
    families.put("gemma3_text", gemma3());
  }

  private static EngineFamily gemma3() {
    return EngineFamily.of("gemma3")
        .withNormsPlusOne()
        .named(GEMMA_NORMS)
        .with(WindowedFamilies::windows)
        .with(
            (config, keys) -> {
              keys.f32("rope.freq_base", theta(config, "full_attention"));
              keys.f32("rope.freq_base_swa", theta(config, "sliding_attention"));
            })
        .refusing(config -> period(config).isEmpty(), BY_TURNS)
        .refusing(WindowedFamilies::scalesOtherwise, SCALE)
        .refusing(
            config -> config.real(0, "final_logit_softcapping") != 0,
            "llama.cpp does not cap the logits of this architecture (final_logit_softcapping)");
  }

  private static double theta(FamilyConfig config, String layers) {
    JsonNode nested = config.root().path("rope_parameters").path(layers).path("rope_theta");
    boolean full = layers.equals("full_attention");
    double single =
        full ? config.real(1_000_000, "rope_theta") : config.real(10_000, "rope_local_base_freq");
    return nested.isNumber() ? nested.asDouble() : single;
  }

  private static boolean scalesOtherwise(FamilyConfig config) {
    double asked = config.real(config.headDimension(), "query_pre_attn_scalar");
    return asked != config.headDimension();
  }

  static void windows(FamilyConfig config, EngineKeys keys) {
    keys.u32("attention.sliding_window", config.integer(0, "sliding_window"));
    period(config).ifPresent(period -> keys.u32("attention.sliding_window_pattern", period));
  }

  /** A window and which layers see no more than it; nothing where all see all of the text. */
  static void listed(FamilyConfig config, EngineKeys keys) {
    if (config.sliding().contains(true)) {
      keys.u32("attention.sliding_window", window(config));
      keys.put("attention.sliding_window_pattern", MetadataValue.bools(config.sliding()));
    }
  }

  /** Keys that a query of a sliding layer sees; 0 without such layers. */
  static long window(FamilyConfig config) {
    return config.model().layerList().stream()
        .mapToLong(LayerDescription::slidingWindow)
        .max()
        .orElse(0);
  }

  // Of so many layers the last sees everything.
  static Optional<Integer> period(FamilyConfig config) {
    List<LayerDescription> layers = config.model().layerList();
    return IntStream.rangeClosed(1, layers.size() + 1)
        .filter(
            period ->
                IntStream.range(0, layers.size())
                    .allMatch(i -> layers.get(i).slidingWindow() > 0 == i % period < period - 1))
        .boxed()
        .findFirst();
  }
}
