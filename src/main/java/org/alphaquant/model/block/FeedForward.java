package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.torch.TensorScope;

/** The feed-forward block of one layer, with its norms and the residual around it. */
public sealed interface FeedForward permits DenseFeedForward, MoeFeedForward, NoFeedForward {

  /**
   * The input of the block's first linears and its router for the stream x [B, S, H], as [B*S, H].
   */
  NDArray input(TensorScope scope, NDArray x);

  /** The residual stream after the block, from the block's output y [B*S, H]. */
  NDArray join(TensorScope scope, NDArray x, NDArray y);

  /**
   * The residual stream after the block for each of several microbatches [B, S, H].
   *
   * @param tap receives every routing; a dense block has none
   */
  List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches, RoutingTap tap);

  /** The same with every token sent where the router sends it. */
  default List<NDArray> forwardAll(TensorScope scope, List<NDArray> microbatches) {
    return forwardAll(scope, microbatches, RoutingTap.NONE);
  }

  /** The residual stream after the block, [B, S, H]. */
  default NDArray forward(TensorScope scope, NDArray x) {
    return forwardAll(scope, List.of(x)).get(0);
  }
}
