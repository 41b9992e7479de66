package org.alphaquant.client;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * The progress of a job, from its events.
 *
 * @param phase its name in the API, or words
 * @param layer finished layers, or other steps of the phase, of {@code layers}
 * @param fraction of the whole job, 0 to 1
 * @param remainingSeconds estimated, to the end of the job
 */
record Progress(
    String phase,
    OptionalInt layer,
    OptionalInt layers,
    OptionalDouble fraction,
    OptionalLong remainingSeconds) {

  private static final Map<String, String> WORDS =
      Map.of(
          "prepare", "preparing",
          "write_text", "writing text to calibrate on",
          "weigh_text", "weighing the text by the traffic",
          "evaluate_before", "evaluating the original",
          "allocate", "choosing formats",
          "quantize", "quantizing",
          "sample", "writing text to train on",
          "distill", "training",
          "write", "writing",
          "evaluate_after", "evaluating the result");

  /** The steps of phases that do not go through layers. */
  private static final Map<String, String> UNITS =
      Map.of(
          "prepare", "tensor",
          "write_text", "text",
          "allocate", "part",
          "sample", "text",
          "distill", "step",
          "write", "module");

  /** A phase without further figures. */
  static Progress of(String phase) {
    return new Progress(
        phase,
        OptionalInt.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalLong.empty());
  }

  /** Reads the data of a {@code progress} event. */
  static Progress of(JsonNode data) {
    return new Progress(
        data.path("phase").asString(""),
        integer(data.path("layer")),
        integer(data.path("layers")),
        data.path("fraction").isNumber()
            ? OptionalDouble.of(data.path("fraction").asDouble())
            : OptionalDouble.empty(),
        data.path("estimated_remaining_seconds").isNumber()
            ? OptionalLong.of(data.path("estimated_remaining_seconds").asLong())
            : OptionalLong.empty());
  }

  private String words() {
    return WORDS.getOrDefault(phase, phase.replace('_', ' '));
  }

  /** A step as users see it: the phase and the current layer, step or text. */
  String step() {
    if (layer.isEmpty() || layers.orElse(0) < 2) {
      return words();
    }
    int working = Math.min(layer.getAsInt() + 1, layers.getAsInt());
    return "%s, %s %d of %d"
        .formatted(words(), UNITS.getOrDefault(phase, "layer"), working, layers.getAsInt());
  }

  private static OptionalInt integer(JsonNode node) {
    return node.isNumber() ? OptionalInt.of(node.asInt()) : OptionalInt.empty();
  }
}
