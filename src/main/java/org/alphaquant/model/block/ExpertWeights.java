package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/**
 * The weights of C consecutive experts.
 *
 * @param from id of the first one
 * @param gateUp fp32 [C, 2M, H], the gate's rows first; [C, M, H] where there is no gate
 * @param down fp32 [C, H, M]
 * @param biases none, or those of {@code gateUp}, fp32 [C, 2M], and of {@code down}, fp32 [C, H]
 */
public record ExpertWeights(
    int from, NDArray gateUp, NDArray down, NDList biases, Activation activation) {

  public ExpertWeights {
    if (!biases.isEmpty() && biases.size() != 2) {
      throw new IllegalArgumentException(
          "%d bias arrays given; experts have none or 2".formatted(biases.size()));
    }
  }

  public int count() {
    return Math.toIntExact(gateUp.getShape().get(0));
  }
}
