package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/** A feed-forward block that every token passes. */
public record DenseFeedForward(Residual residual, GatedMlp mlp) implements FeedForward {

  /** Gate and up, or the one linear that holds both. */
  public List<Linear> gateAndUp() {
    return mlp.first();
  }

  public Linear down() {
    return mlp.down();
  }

  @Override
  public NDArray input(TensorScope scope, NDArray x) {
    return residual.input(scope, x);
  }

  /** The input of {@code down}: [T, H] to [T, I]. */
  public NDArray activation(TensorScope scope, NDArray h) {
    return mlp.activation(scope, h);
  }

  @Override
  public NDArray join(TensorScope scope, NDArray x, NDArray y) {
    return residual.join(scope, x, y);
  }

  @Override
  public List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches, RoutingTap tap) {
    return microbatches.stream().map(x -> forwardOne(scope, x)).toList();
  }

  private NDArray forwardOne(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("feed forward")) {
      NDArray y = mlp.forward(inner, input(inner, x));
      return inner.keep(scope, join(inner, x, y));
    }
  }
}
