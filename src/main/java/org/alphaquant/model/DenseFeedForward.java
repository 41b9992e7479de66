package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/** A SwiGLU block that every token passes: down(silu(gate h) * up h). */
public final class DenseFeedForward implements FeedForward {

  private final Norm norm;
  private final Linear gate;
  private final Linear up;
  private final Linear down;
  private final double residualFactor;

  public DenseFeedForward(Norm norm, Linear gate, Linear up, Linear down, double residualFactor) {
    this.norm = norm;
    this.gate = gate;
    this.up = up;
    this.down = down;
    this.residualFactor = residualFactor;
  }

  public Linear gate() {
    return gate;
  }

  public Linear up() {
    return up;
  }

  public Linear down() {
    return down;
  }

  @Override
  public NDArray input(TensorScope scope, NDArray x) {
    return norm.rows(scope, x);
  }

  /** silu(gate h) * up h, the input of {@code down}: [T, H] to [T, I]. */
  public NDArray activation(TensorScope scope, NDArray h) {
    return SwiGlu.activation(scope, gate, up, h);
  }

  @Override
  public List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches) {
    return microbatches.stream().map(x -> forwardOne(scope, x)).toList();
  }

  private NDArray forwardOne(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("feed forward")) {
      NDArray y = down.apply(inner, activation(inner, input(inner, x)));
      return inner.keep(scope, inner.run("linear.residual", x, y, residualFactor));
    }
  }
}
