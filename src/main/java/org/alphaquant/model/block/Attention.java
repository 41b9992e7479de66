package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/**
 * The token-mixing block of one layer, with its norms and the residual around it: self-attention,
 * or a recurrent or convolutional mixer in its place.
 */
public interface Attention {

  /**
   * The linears in order of evaluation; all linears of a stage read the same input. Ordinary
   * attention has {@code [q, k, v], [o]}; latent attention {@code [q_a, kv_a], [q_b], [kv_b], [o]},
   * or {@code [q, kv_a], [kv_b], [o]} without query compression.
   */
  List<List<Linear>> stages();

  /**
   * The inputs of the linears of a stage, computed with the current weights of earlier stages.
   *
   * @param x residual stream [B, S, H]; every sequence starts at position 0
   * @return rows [B*S, in] in the order of x; float16 where they were computed so
   */
  NDArray input(TensorScope scope, int stage, NDArray x);

  /**
   * The residual stream after the block, x + attention(norm(x)), [B, S, H].
   *
   * @param read the input of the last stage for x, from {@link #input}
   */
  NDArray output(TensorScope scope, NDArray x, NDArray read);

  /**
   * The entries of a cache for x, with the current weights: keys after norms and rotation, and
   * values, each [B, K, S, D]; empty for a block that caches no keys and values for each head.
   */
  default List<NDArray> keysAndValues(TensorScope scope, NDArray x) {
    return List.of();
  }

  /** The residual stream after the block: x + attention(norm(x)), [B, S, H]. */
  default NDArray forward(TensorScope scope, NDArray x) {
    try (TensorScope inner = scope.child("attention")) {
      NDArray read = input(inner, stages().size() - 1, x);
      return inner.keep(scope, output(inner, x, read));
    }
  }
}
