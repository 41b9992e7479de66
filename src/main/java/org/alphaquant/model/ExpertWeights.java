package org.alphaquant.model;

import ai.djl.ndarray.NDArray;

/**
 * The weights of C consecutive experts.
 *
 * @param from id of the first one
 * @param gateUp fp32 [C, 2M, H], the gate's rows first
 * @param down fp32 [C, H, M]
 */
public record ExpertWeights(int from, NDArray gateUp, NDArray down) {

  public int count() {
    return Math.toIntExact(gateUp.getShape().get(0));
  }
}
