package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/**
 * The weights of C consecutive experts.
 *
 * @param from id of the first one
 * @param gateUp fp32 [C, 2M, H], the gate's rows first
 * @param down fp32 [C, H, M]
 * @param biases none, or those of {@code gateUp}, fp32 [C, 2M], and of {@code down}, fp32 [C, H]
 */
public record ExpertWeights(
    int from, NDArray gateUp, NDArray down, NDList biases, ExpertActivation activation) {

  public ExpertWeights {
    if (!biases.isEmpty() && biases.size() != 2) {
      throw new IllegalArgumentException(
          "%d bias arrays given; experts have none or 2".formatted(biases.size()));
    }
  }

  /** Whether the activation is the clamped one, as scripts take it. */
  public boolean clamped() {
    return activation == ExpertActivation.CLAMPED_SWIGLU;
  }

  public int count() {
    return Math.toIntExact(gateUp.getShape().get(0));
  }
}
