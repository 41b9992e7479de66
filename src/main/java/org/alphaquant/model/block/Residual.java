package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * The norms and the residual connection around a block: x + factor * after(block(before(x))).
 *
 * @param before norm of the block's input; absent where the block reads the stream as it is
 * @param after norm of the block's output; mostly absent
 * @param factor constant on the output, mostly 1
 * @param scalar what the whole stream is multiplied with behind the block, [1]; mostly absent
 */
public record Residual(
    Order order,
    Optional<Norm> before,
    Optional<Norm> after,
    double factor,
    Optional<NDArray> scalar) {

  /** The order of the layer's blocks. */
  public enum Order {
    /** The block reads the output of the previous one. */
    SEQUENTIAL,

    /** The first of two parallel blocks: it passes x [B, S, H] on together with its own sum. */
    PARALLEL_FIRST,

    /** The second of two: of [B, S, 2H] it reads the second half and adds to the first. */
    PARALLEL_SECOND
  }

  /** The block's input for the stream x [B, S, H], as rows [B*S, H]. */
  public NDArray input(TensorScope scope, NDArray x) {
    NDArray read = order == Order.PARALLEL_SECOND ? scope.run("linear.second_half", x) : x;
    return before
        .map(norm -> norm.rows(scope, read))
        .orElseGet(() -> scope.run("linear.rows", read));
  }

  /** The stream after the block, [B, S, H], from the block's output y [B*S, H]. */
  public NDArray join(TensorScope scope, NDArray x, NDArray y) {
    try (TensorScope inner = scope.child("residual")) {
      NDArray output = after.map(norm -> norm.apply(inner, y)).orElse(y);
      NDArray stream = order == Order.PARALLEL_SECOND ? inner.run("linear.first_half", x) : x;
      NDArray added = inner.run("linear.residual", stream, output, factor);
      NDArray sum = scalar.map(it -> inner.run("linear.multiply", added, it)).orElse(added);
      return inner.keep(
          scope,
          order == Order.PARALLEL_FIRST
              ? inner.run("tensor.side_by_side", new NDList(sum, x))
              : sum);
    }
  }
}
