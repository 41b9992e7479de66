package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/** One decoder layer; its arrays belong to the scope it was loaded in. */
public record DecoderLayer(Attention attention, FeedForward feedForward) {

  /** The residual stream after the layer, [B, S, H] to [B, S, H]. */
  public NDArray forward(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("layer")) {
      return inner.keep(scope, feedForward.forward(inner, attention.forward(inner, x)));
    }
  }
}
