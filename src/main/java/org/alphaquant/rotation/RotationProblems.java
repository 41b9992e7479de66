package org.alphaquant.rotation;

import java.util.Optional;
import org.alphaquant.job.RotationRequest;
import org.alphaquant.model.RecognisedModel;
import org.alphaquant.model.design.StreamMap;

/** Why a model cannot be rotated without becoming another function. */
public final class RotationProblems {

  private RotationProblems() {}

  /** The first reason, a sentence; empty where there is none. */
  public static Optional<String> of(RecognisedModel model, RotationRequest asked) {
    return of(model.stream(), asked);
  }

  static Optional<String> of(StreamMap map, RotationRequest asked) {
    return map.obstacle()
        .map("the residual stream cannot be rotated: %s"::formatted)
        .or(() -> unknown("the residual stream", map.width()))
        .or(() -> asked.values() ? values(map) : Optional.empty());
  }

  private static Optional<String> values(StreamMap map) {
    return map.valueObstacle()
        .or(
            () ->
                map.valueDimensions().stream()
                    .flatMap(dimension -> unknown("a value", dimension).stream())
                    .findFirst())
        .map("%s; set values to false to rotate the residual stream alone"::formatted);
  }

  private static Optional<String> unknown(String what, long width) {
    return Hadamard.of(width).isPresent()
        ? Optional.empty()
        : Optional.of(
            "%s has %d dimensions, for which no Hadamard matrix is known here, and the largest power of two that divides them is %d, below %d"
                .formatted(what, width, Long.lowestOneBit(width), Hadamard.LEAST_BLOCK));
  }
}
