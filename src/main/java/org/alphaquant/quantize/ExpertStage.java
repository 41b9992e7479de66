package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/** What becomes of a layer's routed experts, once it is known what they read. */
interface ExpertStage {

  /**
   * Takes what the experts read and adds all experts' outputs to {@code y}.
   *
   * @param h block input [T, K]
   * @param routing where tokens are sent
   * @param covered which tokens each expert is calibrated on; mostly the routing itself
   * @param y [T, K], changed in place
   */
  void take(
      TensorScope scope,
      MoeFeedForward block,
      NDArray h,
      Routing routing,
      Routing covered,
      NDArray y,
      LayerResult result);
}
