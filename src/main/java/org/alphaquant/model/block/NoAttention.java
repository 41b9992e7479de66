package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/** The place of a token-mixing block in a layer that has none: the stream passes as it is. */
public final class NoAttention implements Attention {

  @Override
  public List<List<Linear>> stages() {
    return List.of();
  }

  @Override
  public NDArray input(TensorScope scope, int stage, NDArray x) {
    throw new IllegalArgumentException("a layer without attention has no stage " + stage);
  }

  @Override
  public NDArray output(TensorScope scope, NDArray x, NDArray read) {
    return forward(scope, x);
  }

  @Override
  public NDArray forward(TensorScope scope, NDArray x) {
    return scope.run("tensor.cloned", x);
  }
}
