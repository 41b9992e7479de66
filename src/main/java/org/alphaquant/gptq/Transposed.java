package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;

/** Sizes of an array [B, K, R], which is how kernels take what scripts take as [B, R, K]. */
final class Transposed {

  private Transposed() {}

  static int batch(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(0));
  }

  static int inputs(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(1));
  }

  static int rows(NDArray transposed) {
    return Math.toIntExact(transposed.getShape().get(2));
  }
}
