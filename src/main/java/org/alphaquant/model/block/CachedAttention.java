package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;

/** Attention that can continue from the cached keys and values of earlier positions. */
public interface CachedAttention extends Attention {

  /** Whether it can for sequences of this length. */
  default boolean canContinue(long length) {
    return true;
  }

  /**
   * The residual stream after the block at the cache's next positions.
   *
   * @param x residual stream there, [B, n, H]
   * @param cache of the positions before; holds x's too afterwards
   */
  NDArray forward(TensorScope scope, NDArray x, KeyValueCache cache);
}
