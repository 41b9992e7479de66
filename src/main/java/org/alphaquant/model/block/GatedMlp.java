package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.torch.TensorScope;

/**
 * down(activation(gate h, up h)).
 *
 * @param first gate and up, or one linear that holds both, the gate's rows first; or up alone
 */
public record GatedMlp(List<Linear> first, Linear down, Activation activation) {

  public GatedMlp {
    first = List.copyOf(first);
  }

  /** All linears, in order of evaluation. */
  public List<Linear> linears() {
    return Stream.concat(first.stream(), Stream.of(down)).toList();
  }

  /** The input of {@code down}: [T, H] to [T, I]. */
  public NDArray activation(TensorScope scope, NDArray h) {
    try (TensorScope inner = scope.child("activation")) {
      NDArray[] outputs =
          first.stream().map(linear -> linear.apply(inner, h)).toArray(NDArray[]::new);
      NDArray activated =
          activation == Activation.SWIGLU && outputs.length == 2
              ? inner.run("feed_forward.swiglu", outputs[0], outputs[1])
              : inner.run("feed_forward.activate", together(inner, outputs), activation.number());
      return inner.keep(scope, activated);
    }
  }

  /** [T, H] to [T, H]. */
  public NDArray forward(TensorScope scope, NDArray h) {
    try (TensorScope inner = scope.child("feed forward")) {
      return inner.keep(scope, down.apply(inner, activation(inner, h)));
    }
  }

  private static NDArray together(TensorScope scope, NDArray... outputs) {
    return outputs.length == 1 ? outputs[0] : scope.run("tensor.side_by_side", new NDList(outputs));
  }
}
