package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import org.alphaquant.estimate.MemoryBudget;
import org.alphaquant.gptq.RoutingWeight;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.moe.Dispatch;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes the routed experts of one layer from the block's cached input: given that input and the
 * routing, experts are independent, so they are taken in chunks that fit the memory, each chunk
 * solved as one batch and its quantized output added to what the next layer reads. No forward pass
 * is replayed, and the down projections see the quantized gate and up.
 */
final class ExpertQuantizer {

  private final BatchQuantizer batches;
  private final RoutingWeight weighting;
  private final double shrinkage;
  private final MemoryBudget memory;

  ExpertQuantizer(
      BatchQuantizer batches, RoutingWeight weighting, double shrinkage, MemoryBudget memory) {
    this.batches = batches;
    this.weighting = weighting;
    this.shrinkage = shrinkage;
    this.memory = memory;
  }

  /**
   * Quantizes every expert that has a scheme and adds all experts' outputs to {@code y}.
   *
   * @param h block input [T, K]
   * @param y [T, K], changed in place
   */
  void quantize(
      TensorScope scope,
      MoeFeedForward block,
      NDArray h,
      Routing routing,
      NDArray y,
      LayerResult result) {
    Dispatch dispatch = Dispatch.of(scope, routing, block.experts());
    NDArray mean =
        scope.run(
            "moe.mean_hessian", h, routing.weights(), weighting.power(), ExpertCalibration.ROWS);
    ExpertCalibration calibration = new ExpertCalibration(h, dispatch, mean, weighting, shrinkage);
    int chunk = memory.expertsAtOnce(block, h.getShape().get(1));
    for (int from = 0; from < block.experts(); from += chunk) {
      int to = Math.min(block.experts(), from + chunk);
      try (TensorScope work = scope.child("experts %d to %d".formatted(from, to - 1))) {
        new ExpertChunk(block, calibration, batches, from, to, result).quantize(work, y);
      }
    }
  }
}
