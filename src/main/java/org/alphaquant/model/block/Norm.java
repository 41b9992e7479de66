package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/**
 * Normalisation over the last dimension: RMSNorm, or LayerNorm where there is a bias.
 *
 * @param weight fp32 [n]
 * @param biasOrNull fp32 [n], or null for RMSNorm
 */
public record Norm(NDArray weight, NDArray biasOrNull, double epsilon) {

  public NDArray apply(TensorScope scope, NDArray x) {
    return biasOrNull == null
        ? scope.run("norm.rms_norm", x, weight, epsilon)
        : scope.run("norm.layer_norm", x, weight, biasOrNull, epsilon);
  }

  /** norm(x) of a residual stream [B, S, H] as rows [B*S, H]. */
  public NDArray rows(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("norm")) {
      return inner.keep(scope, inner.run("linear.rows", apply(inner, x)));
    }
  }
}
