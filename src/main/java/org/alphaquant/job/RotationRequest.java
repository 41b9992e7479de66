package org.alphaquant.job;

import static org.alphaquant.job.Limits.orElse;

import com.fasterxml.jackson.annotation.JsonProperty;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * A rotation that is fused into the weights before they are quantized.
 *
 * @param kind of matrix
 * @param seed of its signs
 * @param values whether attention's values are rotated beside the residual stream
 */
@JsonNaming(SnakeCaseStrategy.class)
public record RotationRequest(Kind kind, Long seed, Boolean values) {

  /** Kinds of matrices. */
  public enum Kind {
    /** A Hadamard matrix with random signs. */
    @JsonProperty("hadamard")
    HADAMARD
  }

  public RotationRequest {
    kind = orElse(kind, Kind.HADAMARD);
    seed = orElse(seed, 0L);
    values = orElse(values, true);
  }
}
