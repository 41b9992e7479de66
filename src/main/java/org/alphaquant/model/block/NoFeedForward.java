package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/** The place of a feed-forward block in a layer that has none: the stream passes as it is. */
public record NoFeedForward() implements FeedForward {

  @Override
  public NDArray input(TensorScope scope, NDArray x) {
    return scope.run("linear.rows", x);
  }

  @Override
  public NDArray join(TensorScope scope, NDArray x, NDArray y) {
    return scope.run("tensor.cloned", x);
  }

  @Override
  public List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches, RoutingTap tap) {
    return microbatches.stream().map(x -> scope.run("tensor.cloned", x)).toList();
  }
}
