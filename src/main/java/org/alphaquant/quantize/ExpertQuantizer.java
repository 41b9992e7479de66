package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
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
   * @param held which sequences of all devices are held out, if any are
   * @param rank this device's place in its group, whose devices divide the experts
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
    Dispatch sent =
        covered == routing
            ? calibration.inputs().dispatch()
            : Dispatch.of(scope, joined(scope, routing), block.experts());
    NDArray outputs = outputs(scope, y, calibration.inputs().h());
    result.took("hessian", start, scope);
    List<ExpertChunk> chunks =
        ranges(block.experts()).stream()
            .map(range -> new ExpertChunk(block, calibration, sent, batches, range, result))
            .toList();
    boolean down = quantizesDown(block);
    if (!chunks.isEmpty()) {
      quantize(scope, chunks, down, outputs);
    } else if (down) {
      addNothing(scope, block, calibration);
    }
    if (rank.size() > 1) {
      start = System.nanoTime();
      rank.addRows(scope, y, outputs);
      result.took("forward", start, scope);
    }
  }

  // What this device's experts make of all devices' tokens, still nothing.
  private NDArray outputs(TensorScope scope, NDArray y, NDArray all) {
    return rank.size() == 1 ? y : scope.run("exchange.zero_rows", y, all.getShape().get(0));
  }

  // The chunks of this device's experts.
  private List<ExpertRange> ranges(int experts) {
    List<ExpertRange> ranges = new ArrayList<>();
    int end = rank.end(experts);
    for (int from = rank.begin(experts); from < end; from += expertsAtOnce) {
      ranges.add(new ExpertRange(from, Math.min(end, from + expertsAtOnce)));
    }
    return ranges;
  }

  private Routing joined(TensorScope scope, Routing own) {
    NDList joined = rank.joined(scope, new NDList(own.experts(), own.weights()));
    return new Routing(joined.get(0), joined.get(1));
  }

  private ExpertCalibration calibration(
      TensorScope scope, MoeFeedForward block, NDArray h, Routing routing) {
    NDArray read = scope.run("tensor.to_dtype", h, scope.productDtype().number());
    NDList all = rank.joined(scope, new NDList(routing.experts(), routing.weights(), read));
    Dispatch dispatch = Dispatch.of(scope, new Routing(all.get(0), all.get(1)), block.experts());
    double power = weighting.power();
    NDArray bounds = scope.longs(dispatch.offsets(), dispatch.offsets().length);
    NDArray sums =
        HessianKernels.of(scope)
            .map(kernels -> kernels.weightSums(scope, dispatch.weights(), bounds, power))
            .orElseGet(
                () ->
                    scope.run(
                        "moments.all_weight_sums", dispatch.weights(), dispatch.offsets(), power));
    long[] tokens = scope.toLongs(scope.run("tensor.columns", sums, 0, 1));
    NDArray largest = scope.run("tensor.largest", h, scope.run("tensor.zeros", h, 1));
    NDArray mean = mean(scope, h, routing, largest, LongStream.of(tokens).sum());
    ExpertInputs inputs = ExpertInputs.of(scope, all.get(2), largest, dispatch, bounds, weighting);
    return new ExpertCalibration(
        inputs,
        sums,
        LongStream.of(tokens).boxed().toList(),
        mean,
        shrinkage,
        held.map(sequences -> inputs.heldOut(scope, sequences)));
  }

  // What a pair adds on average; the largest of all devices goes with what is summed of them.
  private NDArray mean(
      TensorScope parent, NDArray h, Routing routing, NDArray largest, long pairs) {
    try (TensorScope scope = parent.child("mean")) {
      NDArray total = scope.run("tensor.zeros_square", h, h.getShape().get(1));
      NDArray counts = scope.run("hessian.per_token", routing.weights(), weighting.power());
      LayerQuantizer.accumulate(scope, total, h, counts);
      rank.reduce(scope, new NDList(total), new NDList(largest));
      return scope.keep(parent, scope.run("hessian.divided", total, pairs));
    }
  }

  private void quantize(
      TensorScope scope, List<ExpertChunk> chunks, boolean down, NDArray outputs) {
    if (chunks.size() == 1) {
      together(scope, chunks.get(0), down, outputs);
    } else {
      oneByOne(scope, chunks, down, outputs);
    }
  }

  // A device to which no expert falls takes part in what all add up.
  private void addNothing(TensorScope parent, MoeFeedForward block, ExpertCalibration calibration) {
    try (TensorScope scope = parent.child("no experts")) {
      long width = block.load(scope, 0, 1).down().getShape().get(2);
      new DownCalibration(calibration, scope, width).addOthers(rank);
    }
  }

  // Whether any device does: all add up what down projections read, or none.
  private boolean quantizesDown(MoeFeedForward block) {
    return IntStream.range(0, block.experts()).anyMatch(e -> batches.quantizes(block.down(e)));
  }

  private void together(TensorScope parent, ExpertChunk chunk, boolean down, NDArray outputs) {
    try (TensorScope scope = parent.child(chunk.label())) {
      ExpertWeights weights = chunk.load(scope);
      chunk.gateAndUp(scope, weights, null);
      makeRoom(scope, weights);
      Optional<ExpertActivations.Kept> activations = chunk.activations(scope, weights);
      if (down) {
        DownCalibration layer = chunk.downCalibration(scope, weights);
        CalibratedInput input = chunk.downInputs(scope, weights, activations);
        layer.add(input);
        layer.addOthers(rank);
        quantizeDown(scope, chunk, layer, weights, input, activations);
      }
      chunk.addOutputs(scope, weights, activations, outputs);
    }
  }

  // Where down projections are wider than the stream no Hessian of theirs fits into what gate and
  // up leave in the cache.
  private void makeRoom(TensorScope scope, ExpertWeights weights) {
    long width = weights.down().getShape().get(2);
    if (rank.size() == 1 && width > weights.down().getShape().get(1)) {
      scope.makeRoom();
    }
  }

  private static void quantizeDown(
      TensorScope scope,
      ExpertChunk chunk,
      DownCalibration layer,
      ExpertWeights weights,
      CalibratedInput input,
      Optional<ExpertActivations.Kept> activations) {
    if (chunk.quantizesDown()) {
      chunk.down(scope, weights, chunk.shrunk(scope, layer, input, weights, activations));
    }
  }

  private void oneByOne(
      TensorScope parent, List<ExpertChunk> chunks, boolean down, NDArray outputs) {
    DownCalibration layer = null;
    List<List<SolvedRows>> solved = new ArrayList<>();
    for (ExpertChunk chunk : chunks) {
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights weights = chunk.load(scope);
        solved.add(chunk.gateAndUp(scope, weights, parent));
        makeRoom(scope, weights);
        if (down) {
          layer = layer == null ? chunk.downCalibration(parent, weights) : layer;
          layer.add(chunk.downInputs(scope, weights, chunk.activations(scope, weights)));
        }
      }
    }
    if (down) {
      layer.addOthers(rank);
    }
    for (int i = 0; i < chunks.size(); i++) {
      ExpertChunk chunk = chunks.get(i);
      try (TensorScope scope = parent.child(chunk.label())) {
        ExpertWeights weights = chunk.load(scope, solved.get(i));
        Optional<ExpertActivations.Kept> activations = chunk.activations(scope, weights);
        if (chunk.quantizesDown()) {
          CalibratedInput input = chunk.downInputs(scope, weights, activations);
          quantizeDown(scope, chunk, layer, weights, input, activations);
        }
        chunk.addOutputs(scope, weights, activations, outputs);
      }
    }
  }
}
