package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/** What is done with a layer's routed experts: quantizing them, or keeping their Hessians. */
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
