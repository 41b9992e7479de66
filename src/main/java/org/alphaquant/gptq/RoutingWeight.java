package org.alphaquant.gptq;

/** How much a token counts in the Hessian of an expert that it is routed to with score p. */
public enum RoutingWeight {
  /** Every routed token counts the same: standard GPTQ on routed tokens. */
  NONE(0),
  /** By p, {@code H = sum of p x x^T}: inputs scaled by the square root of p. */
  SCORE(1),
  /** By p squared, as the expert's output error enters the layer's squared error. */
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
