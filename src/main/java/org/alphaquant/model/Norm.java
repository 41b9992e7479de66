package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/** RMSNorm over the last dimension: weight fp32 [n]. */
public record Norm(NDArray weight, double epsilon) {

  public NDArray apply(TensorScope scope, NDArray x) {
    return scope.run("norm.rms_norm", x, weight, epsilon);
  }

  /** norm(x) of a residual stream [B, S, H] as rows [B*S, H]. */
  public NDArray rows(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("norm")) {
      return inner.keep(scope, inner.run("linear.rows", apply(inner, x)));
    }
  }
}
