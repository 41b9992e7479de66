package org.alphaquant.storage.gguf;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Dense families, some of whose layers have no positions. */
final class UnrotatedFamilies {

  // Of EXAONE 4.0 32B, by which llama.cpp knows that layers slide.
  private static final int SLIDING_LAYERS = 64;

  private UnrotatedFamilies() {}

  static void add(Map<String, EngineFamily> families) {
    families.put("exaone4", exaone());
    families.put(
        "smollm3",
        EngineFamily.of("smollm3")
            .withAdjacentPairs()
            .refusing(
                config -> !rotatesThreeOfFour(config),
                "llama.cpp leaves every fourth layer of this architecture without positions, the"
                    + " model others (no_rope_layers)")
            .refusing(
                config -> config.activeWindow() > 0,
                "llama.cpp ignores the sliding window of this architecture"));
  }

  private static EngineFamily exaone() {
    return EngineFamily.of("exaone4")
        .withOwnHead()
        .named(NewerFamilies.NORMS_BEHIND)
        .with(WindowedFamilies::windows)
        .refusing(
            config -> config.heads() * config.headDimension() != config.model().hidden(),
            "llama.cpp wants heads that are together as wide as the hidden state in this"
                + " architecture (head_dim)")
        .refusing(
            config -> config.activeWindow() > 0 && config.model().layers() != SLIDING_LAYERS,
            "llama.cpp ignores the sliding window of this architecture but with 64 layers")
        .refusing(config -> WindowedFamilies.period(config).isEmpty(), WindowedFamilies.BY_TURNS);
  }

  private static boolean rotatesThreeOfFour(FamilyConfig config) {
    List<JsonNode> rotated =
        config.find("no_rope_layers").map(list -> list.valueStream().toList()).orElse(List.of());
    boolean listed =
        IntStream.range(0, rotated.size())
            .allMatch(i -> rotated.get(i).asInt() == ((i + 1) % 4 == 0 ? 0 : 1));
    return rotated.isEmpty() ? config.integer(4, "no_rope_layer_interval") == 4 : listed;
  }
}
