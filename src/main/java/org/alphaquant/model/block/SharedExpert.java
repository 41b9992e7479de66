package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.alphaquant.torch.TensorScope;

/**
 * The expert that every token visits.
 *
 * @param gating the one-row linear whose sigmoid scales the output; absent where the family adds it
 *     plainly
 */
public record SharedExpert(GatedMlp mlp, Optional<Linear> gating) {

  /** Gate and up, or the one linear that holds both. */
  public List<Linear> gateAndUp() {
    return mlp.first();
  }

  public Linear down() {
    return mlp.down();
  }

  public List<Linear> linears() {
    return mlp.linears();
  }

  /** The input of {@code down}: [T, H] to [T, Ms]. */
  public NDArray activation(TensorScope scope, NDArray h) {
    return mlp.activation(scope, h);
  }

  /** The gate's factor on the output, [T, 1] in 0..1; empty means 1. */
  public Optional<NDArray> gateWeights(TensorScope scope, NDArray h) {
    return gating.map(linear -> scope.run("feed_forward.sigmoid_gate", h, linear.weight()));
  }

  /** The expert's contribution to the block's output, [T, H] to [T, H]. */
  public NDArray forward(TensorScope scope, NDArray h) {
    try (TensorScope inner = scope.child("shared expert")) {
      NDArray output = mlp.forward(inner, h);
      NDArray weighted =
          gateWeights(inner, h)
              .map(weights -> inner.run("linear.multiply", output, weights))
              .orElse(output);
      return inner.keep(scope, weighted);
    }
  }
}
