package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

final class SwiGlu {

  private SwiGlu() {}

  static NDArray activation(TensorScope scope, Linear gate, Linear up, NDArray h) {
    try (TensorScope inner = scope.child("swiglu")) {
      NDArray activated =
          inner.run("feed_forward.swiglu", gate.apply(inner, h), up.apply(inner, h));
      return inner.keep(scope, activated);
    }
  }
}
