package org.alphaquant.architecture;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a token counts for in the Hessian of an expert that it is routed to with score p. */
public enum RoutingWeight {
  /** By p, {@code H = sum of p x x^T}: inputs scaled by the square root of p. */
  @JsonProperty("score")
  SCORE(1),
  /** Every routed token counts the same: standard GPTQ on routed tokens. */
  @JsonProperty("none")
  NONE(0),
  /** By p squared, as the expert's output error enters the layer's squared error. */
  @JsonProperty("score_squared")
  SCORE_SQUARED(2);

  private final double power;

  RoutingWeight(double power) {
    this.power = power;
  }

  /** The exponent of p. */
  public double power() {
    return power;
  }
}
