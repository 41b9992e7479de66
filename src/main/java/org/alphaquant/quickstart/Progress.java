package org.alphaquant.quickstart;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * How far a job is, as its events say.
 *
 * @param phase in words
 * @param layer layers finished, of {@code layers}
 * @param fraction of the whole job, 0 to 1
 * @param remainingSeconds estimated, to the end of the job
 */
record Progress(
    String phase,
    OptionalInt layer,
    OptionalInt layers,
    OptionalDouble fraction,
    OptionalLong remainingSeconds) {

  /** A phase about which nothing more is known. */
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
        data.path("phase").asString("").replace('_', ' '),
        integer(data.path("layer")),
        integer(data.path("layers")),
        data.path("fraction").isNumber()
            ? OptionalDouble.of(data.path("fraction").asDouble())
            : OptionalDouble.empty(),
        data.path("estimated_remaining_seconds").isNumber()
            ? OptionalLong.of(data.path("estimated_remaining_seconds").asLong())
            : OptionalLong.empty());
  }

  /** What a person would call another step: the phase and the layer. */
  String step() {
    return layer.isPresent() && layers.isPresent()
        ? "%s, layer %d of %d".formatted(phase, layer.getAsInt(), layers.getAsInt())
        : phase;
  }

  private static OptionalInt integer(JsonNode node) {
    return node.isNumber() ? OptionalInt.of(node.asInt()) : OptionalInt.empty();
  }
}
