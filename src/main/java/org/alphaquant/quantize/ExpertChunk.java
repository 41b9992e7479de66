package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * Experts of a layer that are calibrated together; this device solves experts {@code from..to-1} of
 * them as one batch.
 *
 * @param calibration what they are calibrated on
 * @param sent the tokens that they are sent, whose outputs the next layer reads
 * @param range all of them
 */
record ExpertChunk(
    MoeFeedForward block,
    ExpertCalibration calibration,
    Dispatch sent,
    BatchQuantizer batches,
    ExpertRange range,
    int from,
    int to,
    LayerResult result) {

  ExpertChunk(
      MoeFeedForward block,
      ExpertCalibration calibration,
      Dispatch sent,
      BatchQuantizer batches,
      ExpertRange range,
      LayerResult result) {
    this(
        block,
        calibration,
        sent,
        batches,
        range,
        range.ownFrom(calibration.rank()),
        range.ownTo(calibration.rank()),
        result);
  }

  String label() {
    return "experts %d to %d".formatted(range.from(), range.to() - 1);
  }

  /** Reads this device's part. */
  ExpertWeights load(TensorScope scope) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, from, to);
    result.took("load", start, scope);
    return weights;
  }

  /** The chunk's weights with gate and up as all have them now, and this device's part of down. */
  ExpertWeights joined(TensorScope scope, ExpertWeights own) {
    if (calibration.rank().size() == 1) {
      return own;
    }
    NDList biases = new NDList();
    own.biases().forEach(bias -> biases.add(joined(scope, bias)));
    return new ExpertWeights(
        range.from(), joined(scope, own.gateUp()), own.down(), biases, own.activation());
  }

  private NDArray joined(TensorScope scope, NDArray own) {
    return calibration.rank().joined(scope, own, range.count());
  }

  /** The same weights with all down projections as they are now. */
  ExpertWeights withDown(TensorScope scope, ExpertWeights all, ExpertWeights own) {
    if (calibration.rank().size() == 1) {
      return all;
    }
    return new ExpertWeights(
        all.from(), all.gateUp(), joined(scope, own.down()), all.biases(), all.activation());
  }

  private ExpertSolver solver() {
    return solver(from, to);
  }

  private ExpertSolver solver(int first, int last) {
    return new ExpertSolver(
        block, batches, first, last, e -> calibration.tokens().get(e) == 0, result);
  }

  // All devices must come to the same answer.
  private ExpertSolver ofAll() {
    return solver(range.from(), range.to());
  }

  boolean quantizesDown() {
    return ofAll().quantizesDown();
  }

  /** Sums for the down projections of the layer, still empty. */
  DownCalibration downCalibration(TensorScope owner, ExpertWeights weights) {
    return new DownCalibration(calibration, owner, weights.down().getShape().get(2));
  }

  /** Quantizes gate and up in place; what changed is also returned, for the host to keep. */
  List<SolvedRows> gateAndUp(TensorScope parent, ExpertWeights weights, boolean keep) {
    List<SolvedRows> solved = new ArrayList<>();
    ExpertSolver solver = solver();
    if (!ofAll().quantizesGateOrUp()) {
      return solved;
    }
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      CalibratedInput input = calibration.gateAndUp(scope, range, result);
      result.took("hessian", start, scope);
      solver.gateAndUp(scope, weights, input, keep ? solved : null);
    }
    return solved;
  }

  /**
   * What the down projections read on this device, with gate and up as they are now; empty where
   * the memory has no room for it and it is computed where it is needed.
   */
  Optional<NDList> activations(TensorScope scope, ExpertWeights all) {
    long[] offsets = calibration.inputs().dispatch().offsets();
    long rows = offsets[range.to()] - offsets[range.from()];
    long bytes = Float.BYTES * rows * all.down().getShape().get(2);
    if (!batches.memory().keepsActivations(bytes, range.count())) {
      return Optional.empty();
    }
    long start = System.nanoTime();
    NDList activations = activations().of(scope, all);
    result.took("forward", start, scope);
    return Optional.of(activations);
  }

  private ExpertActivations activations() {
    ExpertInputs inputs = calibration.inputs();
    return new ExpertActivations(inputs.h(), inputs.dispatch());
  }

  /** What this device's part of the down projections reads: their own tokens alone. */
  CalibratedInput downInputs(TensorScope scope, ExpertWeights all, Optional<NDList> activations) {
    long start = System.nanoTime();
    Rank rank = calibration.rank();
    NDArray hessians =
        rank.ownSum(scope, new DownHessians(calibration.inputs()).of(scope, all, activations));
    NDArray heldOut =
        calibration
            .heldOut(scope)
            .map(held -> new DownHessians(held).of(scope, all, activations))
            .map(sums -> rank.ownSum(scope, sums))
            .orElse(null);
    CalibratedInput own =
        new CalibratedInput(hessians, heldOut, largestDown(scope, all, activations));
    result.took("hessian", start, scope);
    return own;
  }

  private NDArray largestDown(TensorScope scope, ExpertWeights all, Optional<NDList> activations) {
    if (!ofAll().asksForLargestDown()) {
      return scope.run("tensor.zeros", calibration.inputs().h(), to - from);
    }
    NDArray largest = activations().largest(scope, all, activations);
    calibration.rank().largest(scope, largest);
    return scope.run("tensor.slice", largest, from - range.from(), to - range.from());
  }

  /** What they are solved with, once {@code layer} has what all chunks read. */
  CalibratedInput shrunk(
      TensorScope scope,
      DownCalibration layer,
      CalibratedInput own,
      ExpertWeights all,
      Optional<NDList> activations) {
    long start = System.nanoTime();
    CalibratedInput shrunk = layer.of(scope, own, all, activations);
    result.took("hessian", start, scope);
    return shrunk;
  }

  /** Quantizes the down projections in place. */
  void down(TensorScope parent, ExpertWeights weights, CalibratedInput input) {
    try (TensorScope scope = parent.child("down")) {
      solver().down(scope, weights, input);
    }
  }

  /** Adds the experts' outputs to {@code y [T, K]}. */
  void addOutputs(TensorScope scope, ExpertWeights all, Optional<NDList> activations, NDArray y) {
    long start = System.nanoTime();
    if (activations.isPresent() && sent == calibration.inputs().dispatch()) {
      activations().addOutputs(scope, y, activations.get(), all);
    } else {
      new ExpertActivations(calibration.inputs().h(), sent).addOutputs(scope, y, all);
    }
    result.took("forward", start, scope);
  }
}
