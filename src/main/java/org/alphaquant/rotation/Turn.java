package org.alphaquant.rotation;

import ai.djl.ndarray.NDArray;
import java.util.SplittableRandom;
import org.alphaquant.model.design.StreamTensor;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * An orthogonal matrix Q = diag(signs) H / sqrt(block) of random signs. Its arrays are made where
 * they are used, as several devices may turn weights at once.
 *
 * @param signs [n]
 * @param small [m][m]
 * @param block width of a block of H
 */
record Turn(float[] signs, double[][] small, long block) {

  private static final int ROWS = 8192;

  /** One of a seed. */
  static Turn of(Hadamard hadamard, SplittableRandom random) {
    float[] signs = new float[hadamard.width()];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = random.nextBoolean() ? 1 : -1;
    }
    return new Turn(signs, hadamard.small(), hadamard.block());
  }

  private NDArray signs(TensorScope scope) {
    return doubles(scope, signs, signs.length);
  }

  private NDArray small(TensorScope scope) {
    int m = small.length;
    float[] flat = new float[m * m];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) small[i / m][i % m];
    }
    return doubles(scope, flat, m, m);
  }

  private static NDArray doubles(TensorScope scope, float[] values, long... shape) {
    int dtype = TorchDtype.FLOAT64.number();
    return scope.run("tensor.to_dtype", scope.floats(values, shape), dtype);
  }

  /** W Q, float32. */
  NDArray reading(TensorScope scope, NDArray weight) {
    return reading(scope, weight, scope.run("rotation.one", signs(scope)));
  }

  /** W diag(gain) Q, float32. */
  NDArray reading(TensorScope scope, NDArray weight, NDArray gain) {
    return scope.run("rotation.reading", weight, gain, signs(scope), small(scope), block, ROWS);
  }

  /** Q^T W, or of a bias b Q, float32. */
  NDArray writing(TensorScope scope, NDArray weight) {
    return scope.run("rotation.writing", weight, signs(scope), small(scope), block, ROWS);
  }

  /** The values' rows rotated. */
  NDArray rows(TensorScope scope, NDArray weight, StreamTensor.Values values) {
    return scope.run(
        "rotation.heads",
        weight,
        values.first(),
        values.heads(),
        values.stride(),
        signs(scope),
        small(scope),
        block);
  }

  /** The values' columns rotated. */
  NDArray columns(TensorScope scope, NDArray weight, StreamTensor.Values values) {
    NDArray turned = rows(scope, scope.run("rotation.transposed", weight), values);
    return scope.run("rotation.transposed", turned);
  }
}
