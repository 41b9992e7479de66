package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
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
  private final Optional<HeldOut> held;
  private final Rank rank;

  /**
   * @param shrinkage how far each expert's Hessian is drawn towards its layer's mean
   * @param expertsAtOnce experts of a chunk, at most
   * @param held which sequences are held out, if any are
   * @param rank this device's place in its group, whose devices share out every chunk
   */
  ExpertQuantizer(
      BatchQuantizer batches,
      RoutingWeight weighting,
      Shrinkage shrinkage,
      int expertsAtOnce,
      Optional<HeldOut> held,
      Rank rank) {
    this.held = held;
    this.rank = rank;
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
    long start = System.nanoTime();
    ExpertCalibration calibration = calibration(scope, block, h, covered);
    result.took("hessian", start, scope);
    Dispatch sent =
        covered == routing
            ? calibration.inputs().dispatch()
            : Dispatch.of(scope, routing, block.experts());
    List<ExpertChunk> chunks =
        ranges(block.experts()).stream()
            .map(range -> new ExpertChunk(block, calibration, sent, batches, range, result))
            .toList();
    if (chunks.size() == 1) {
      together(scope, chunks.get(0), y);
    } else {
      oneByOne(scope, chunks, y);
    }
  }

  // Every device has one of each chunk at least.
  private List<ExpertRange> ranges(int experts) {
    int size = Math.max(rank.size(), Math.min(experts, expertsAtOnce));
    List<ExpertRange> ranges = new ArrayList<>();
    for (int from = 0; from < experts; ) {
      int left = experts - from;
      int to = left - size < rank.size() ? experts : from + size;
      ranges.add(new ExpertRange(from, to));
      from = to;
    }
    return ranges;
  }

  private ExpertCalibration calibration(
      TensorScope scope, MoeFeedForward block, NDArray h, Routing routing) {
    Dispatch dispatch = Dispatch.of(scope, routing, block.experts());
    double power = weighting.power();
    NDArray sums =
        scope.run("moments.all_weight_sums", dispatch.weights(), dispatch.offsets(), power);
    rank.sum(scope, sums);
    long[] tokens = scope.toLongs(scope.run("tensor.columns", sums, 0, 1));
    NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
    rank.largest(scope, largest);
    NDArray read = scope.run("tensor.to_dtype", h, scope.productDtype().number());
    return new ExpertCalibration(
        ExpertInputs.of(scope, read, largest, dispatch, weighting),
        sums,
        LongStream.of(tokens).boxed().toList(),
        mean(scope, h, routing, LongStream.of(tokens).sum()),
        shrinkage,
        held,
        rank);
  }

  private NDArray mean(TensorScope parent, NDArray h, Routing routing, long pairs) {
    try (TensorScope scope = parent.child("mean")) {
      NDArray total = scope.run("tensor.zeros_square", h, h.getShape().get(1));
      NDArray counts = scope.run("hessian.per_token", routing.weights(), weighting.power());
      LayerQuantizer.accumulate(scope, total, h, counts);
      rank.sum(scope, total);
      return scope.keep(parent, scope.run("hessian.divided", total, pairs));
    }
  }

  private void together(TensorScope parent, ExpertChunk chunk, NDArray y) {
    try (TensorScope scope = parent.child(chunk.label())) {
      ExpertWeights own = chunk.load(scope);
      chunk.gateAndUp(scope, own, false);
      ExpertWeights all = chunk.joined(scope, own);
      Optional<NDList> activations = chunk.activations(scope, all);
      if (chunk.quantizesDown()) {
        DownCalibration layer = chunk.downCalibration(scope, own);
        CalibratedInput input = chunk.downInputs(scope, all, activations);
        layer.add(input);
        layer.addOthers(rank);
        chunk.down(scope, own, chunk.shrunk(scope, layer, input, all, activations));
      }
      chunk.addOutputs(scope, chunk.withDown(scope, all, own), activations, y);
    }
  }

  private void oneByOne(TensorScope parent, List<ExpertChunk> chunks, NDArray y) {
    boolean down = chunks.stream().anyMatch(ExpertChunk::quantizesDown);
    DownCalibration layer = null;
    List<List<SolvedRows>> solved = new ArrayList<>();
    for (ExpertChunk chunk : chunks) {
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights own = chunk.load(scope);
        solved.add(chunk.gateAndUp(scope, own, true));
        if (down) {
          layer = layer == null ? chunk.downCalibration(parent, own) : layer;
          ExpertWeights all = chunk.joined(scope, own);
          layer.add(chunk.downInputs(scope, all, chunk.activations(scope, all)));
        }
      }
    }
    if (down) {
      layer.addOthers(rank);
    }
    for (int i = 0; i < chunks.size(); i++) {
      ExpertChunk chunk = chunks.get(i);
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights own = chunk.load(scope);
        solved.get(i).forEach(rows -> rows.restore(scope, own.gateUp()));
        ExpertWeights all = chunk.joined(scope, own);
        Optional<NDList> activations = chunk.activations(scope, all);
        if (chunk.quantizesDown()) {
          CalibratedInput input = chunk.downInputs(scope, all, activations);
          chunk.down(scope, own, chunk.shrunk(scope, layer, input, all, activations));
        }
        chunk.addOutputs(scope, chunk.withDown(scope, all, own), activations, y);
      }
    }
  }
}
