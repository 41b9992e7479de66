package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * How a block stands in the residual stream: x + factor * after(block(before(x))).
 *
 * @param before norm of the block's input; absent where the block reads the stream as it is
 * @param after norm of the block's output; mostly absent
 * @param factor constant on the output, mostly 1
 */
public record Residual(Optional<Norm> before, Optional<Norm> after, double factor) {

  /** What the block reads of the stream x [B, S, H], as rows [B*S, H]. */
  public NDArray input(TensorScope scope, NDArray x) {
    return before.map(norm -> norm.rows(scope, x)).orElseGet(() -> scope.run("linear.rows", x));
  }

  /** The stream after the block, [B, S, H], from the block's output y [B*S, H]. */
  public NDArray join(TensorScope scope, NDArray x, NDArray y) {
    try (TensorScope inner = scope.child("residual")) {
      NDArray output = after.map(norm -> norm.apply(inner, y)).orElse(y);
      return inner.keep(scope, inner.run("linear.residual", x, output, factor));
    }
  }
}
