package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/**
 * Quantizes the routed experts of one layer from the block's cached input: given that input and the
 * routing, experts are independent, so they are taken in chunks that fit the memory, each chunk
 * solved as one batch and its quantized output added to what the next layer reads. No forward pass
 * is replayed, and the down projections see the quantized gate and up.
 *
 * <p>Gate and up of all chunks come first, then down of all chunks, because every down projection
 * leans on the layer's mean Hessian: what an expert gets does not depend on its chunk.
 */
final class ExpertQuantizer implements ExpertStage {

  private final BatchQuantizer batches;
  private final RoutingWeight weighting;
  private final Shrinkage shrinkage;
  private final int expertsAtOnce;

  /**
   * @param shrinkage how far each expert's Hessian is drawn towards its layer's mean
   * @param expertsAtOnce experts of a chunk, at most
   */
  ExpertQuantizer(
      BatchQuantizer batches, RoutingWeight weighting, Shrinkage shrinkage, int expertsAtOnce) {
    this.batches = batches;
    this.weighting = weighting;
    this.shrinkage = shrinkage;
    this.expertsAtOnce = expertsAtOnce;
  }

  /**
   * Quantizes every expert that has a scheme and adds all experts' outputs to {@code y}.
   *
   * @param h block input [T, K]
   * @param routing where tokens are sent
   * @param covered which tokens each expert is calibrated on; mostly the routing itself
   * @param y [T, K], changed in place
   */
  @Override
  public void take(
      TensorScope scope,
      MoeFeedForward block,
      NDArray h,
      Routing routing,
      Routing covered,
      NDArray y,
      LayerResult result) {
    ExpertCalibration calibration = calibration(scope, block, h, covered);
    Dispatch sent =
        covered == routing ? calibration.dispatch() : Dispatch.of(scope, routing, block.experts());
    List<ExpertChunk> chunks = new ArrayList<>();
    int size = Math.min(block.experts(), expertsAtOnce);
    for (int from = 0; from < block.experts(); from += size) {
      int to = Math.min(block.experts(), from + size);
      chunks.add(new ExpertChunk(block, calibration, sent, batches, from, to, result));
    }
    if (chunks.size() == 1) {
      together(scope, chunks.get(0), y);
    } else {
      oneByOne(scope, chunks, y);
    }
  }

  private ExpertCalibration calibration(
      TensorScope scope, MoeFeedForward block, NDArray h, Routing routing) {
    NDArray mean =
        scope.run("hessian.mean", h, routing.weights(), weighting.power(), Dispatch.ROWS);
    NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
    Dispatch dispatch = Dispatch.of(scope, routing, block.experts());
    int dtype = scope.productDtype().number();
    NDArray read = scope.run("tensor.to_dtype", h, dtype);
    return new ExpertCalibration(read, largest, dispatch, mean, weighting, shrinkage);
  }

  private static void together(TensorScope parent, ExpertChunk chunk, NDArray y) {
    try (TensorScope scope = parent.child(chunk.label())) {
      ExpertWeights weights = chunk.load(scope);
      chunk.gateAndUp(scope, weights, false);
      if (chunk.quantizesDown()) {
        DownCalibration layer = chunk.downCalibration(scope, weights);
        CalibratedInput own = chunk.downInputs(scope, weights);
        layer.add(own);
        chunk.down(scope, weights, layer.of(scope, own, weights));
      }
      chunk.addOutputs(scope, weights, y);
    }
  }

  private static void oneByOne(TensorScope parent, List<ExpertChunk> chunks, NDArray y) {
    boolean down = chunks.stream().anyMatch(ExpertChunk::quantizesDown);
    DownCalibration layer = null;
    List<List<SolvedRows>> solved = new ArrayList<>();
    for (ExpertChunk chunk : chunks) {
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights weights = chunk.load(scope);
        solved.add(chunk.gateAndUp(scope, weights, true));
        if (down) {
          layer = layer == null ? chunk.downCalibration(parent, weights) : layer;
          layer.add(chunk.downInputs(scope, weights));
        }
      }
    }
    for (int i = 0; i < chunks.size(); i++) {
      ExpertChunk chunk = chunks.get(i);
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights weights = chunk.load(scope);
        solved.get(i).forEach(rows -> rows.restore(scope, weights.gateUp()));
        if (chunk.quantizesDown()) {
          chunk.down(scope, weights, layer.of(scope, chunk.downInputs(scope, weights), weights));
        }
        chunk.addOutputs(scope, weights, y);
      }
    }
  }
}
