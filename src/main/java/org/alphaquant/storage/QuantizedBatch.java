package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A solved batch of B weights [N, K] with G groups a row, before it is stored.
 *
 * @param weight the dequantized weights, float32 [B, N, K]
 * @param codes uint8 [B, N, K], integers counted from the least code
 * @param scale float32 [B, N, G]
 * @param zero float32 [B, N, G]
 * @param outer NVFP4's scale of each whole tensor, float32 [B]; for K-quants what scales and minima
 *     of each 256 weights are multiples of, float32 [B, N, K / 256, 1 or 2]
 * @param largestInput largest absolute input of each linear, float32 [B]
 */
public record QuantizedBatch(
    NDArray weight,
    NDArray codes,
    NDArray scale,
    NDArray zero,
    NDArray outer,
    NDArray largestInput) {

  public long size() {
    return codes.getShape().get(0);
  }

  public long outFeatures() {
    return codes.getShape().get(1);
  }

  public long inFeatures() {
    return codes.getShape().get(2);
  }

  /** Rows {@code first..last-1} of every weight, copied into {@code scope}. */
  public QuantizedBatch rows(TensorScope scope, long first, long last) {
    return new QuantizedBatch(
        scope.run("tensor.rows", weight, first, last),
        scope.run("tensor.rows", codes, first, last),
        scope.run("tensor.rows", scale, first, last),
        scope.run("tensor.rows", zero, first, last),
        outer.getShape().dimension() > 1 ? scope.run("tensor.rows", outer, first, last) : outer,
        largestInput);
  }

  /** An array [B, ...] of numbers as bytes of another type, uint8 [B, n]. */
  public static NDArray bytes(TensorScope scope, NDArray numbers, TorchDtype dtype) {
    return scope.run("packing.as_bytes", numbers, dtype.number());
  }
}
