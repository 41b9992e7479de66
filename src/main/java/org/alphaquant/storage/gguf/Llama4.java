package org.alphaquant.storage.gguf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** The text model of Llama 4, whose chunks and temperatures llama.cpp does not read but knows. */
final class Llama4 {

  private static final int CHUNK = 8192;

  private Llama4() {}

  static EngineFamily family() {
    return EngineFamily.of("llama4")
        .named(names())
        .with(
            (config, keys) -> {
              keys.u32("feed_forward_length", config.integer(16_384, "intermediate_size_mlp"));
              keys.u32("expert_feed_forward_length", config.integer(CHUNK, "intermediate_size"));
              keys.u32("interleave_moe_layer_step", step(config));
            })
        .refusing(
            config -> step(config) == 0,
            "llama.cpp wants layers with experts at equal distances in this architecture"
                + " (moe_layers)")
        .refusing(
            config -> config.integer(CHUNK, "attention_chunk_size") != CHUNK,
            "llama.cpp cuts attention of this architecture into chunks of 8192, the model otherwise"
                + " (attention_chunk_size)")
        .refusing(
            config -> !seesAllEveryFourth(config),
            "llama.cpp lets every fourth layer of this architecture see all of the text, the model"
                + " others (layer_types)")
        .refusing(
            config -> !rotatesThreeOfFour(config),
            "llama.cpp leaves every fourth layer of this architecture without positions, the model"
                + " others (no_rope_layers)")
        .refusing(
            config ->
                !config.flag(true, "attn_temperature_tuning")
                    || config.real(CHUNK, "floor_scale") != CHUNK
                    || config.real(0.1, "attn_scale") != 0.1,
            "llama.cpp lets queries of this architecture grow by 0.1 at 8192 tokens, the model"
                + " otherwise (attn_temperature_tuning, floor_scale, attn_scale)")
        .refusing(
            config ->
                config.flag(true, "use_qk_norm")
                    == (config.integer(16, "num_local_experts") == 128),
            "llama.cpp norms queries and keys of this architecture but with 128 experts, the model"
                + " otherwise (use_qk_norm)");
  }

  private static Map<String, String> names() {
    Map<String, String> names = new HashMap<>();
    for (String role : new String[] {"gate", "up", "down"}) {
      names.put("feed_forward." + role + "_proj", "ffn_" + role);
      names.put("feed_forward.shared_expert." + role + "_proj", "ffn_" + role + "_shexp");
    }
    names.put("feed_forward.router", "ffn_gate_inp");
    return names;
  }

  // Every so manieth layer has experts; 0 where that does not hold.
  private static long step(FamilyConfig config) {
    long step = config.leadingDense() + 1;
    boolean holds =
        config.model().layerList().stream()
            .allMatch(layer -> layer.routing().isPresent() == ((layer.index() + 1) % step == 0));
    return holds && config.routing().isPresent() ? step : 0;
  }

  private static boolean seesAllEveryFourth(FamilyConfig config) {
    List<String> types = config.texts("layer_types");
    return IntStream.range(0, types.size())
        .allMatch(i -> types.get(i).equals("full_attention") == ((i + 1) % 4 == 0));
  }

  private static boolean rotatesThreeOfFour(FamilyConfig config) {
    JsonNode listed = config.root().path("no_rope_layers");
    return IntStream.range(0, listed.size())
            .allMatch(i -> listed.get(i).asInt() == ((i + 1) % 4 == 0 ? 0 : 1))
        && config.integer(4, "no_rope_layer_interval") == 4;
  }
}
