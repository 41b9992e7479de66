package org.alphaquant.distill;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/**
 * The weight of a norm in training; the layer computes with it rounded as it will be stored.
 *
 * @param tensor full name
 * @param dtype number of the type that it is stored in
 * @param leaf the rounded weight that the layer uses
 * @param value float32 [n], unrounded
 */
record TrainedNorm(
    String tensor, int dtype, NDArray leaf, NDArray value, NDArray mean, NDArray square) {

  static TrainedNorm of(TensorScope scope, String tensor, int dtype, NDArray leaf) {
    NDArray value = scope.run("distill.copied", leaf);
    return new TrainedNorm(
        tensor,
        dtype,
        leaf,
        value,
        scope.run("tensor.zeros_like", value),
        scope.run("tensor.zeros_like", value));
  }

  List<NDArray> state() {
    return List.of(value, mean, square);
  }

  void move(TensorScope scope, NDArray gradient, Adam adam) {
    scope.runInPlace("distill.move", value, gradient, mean, square, adam.numbers());
    store(scope);
  }

  /** Puts the value as it would be stored into the leaf. */
  void store(TensorScope scope) {
    scope.runInPlace("distill.put_rounded", leaf, value, dtype);
  }
}
