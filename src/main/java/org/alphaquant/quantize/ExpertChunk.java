package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * Experts of a layer that are calibrated and solved together.
 *
 * @param calibration what they are calibrated on
 * @param sent the tokens that they are sent, whose outputs the next layer reads
 */
record ExpertChunk(
    MoeFeedForward block,
    ExpertCalibration calibration,
    Dispatch sent,
    BatchQuantizer batches,
    ExpertRange range,
    LayerResult result) {

  String label() {
    return "experts %d to %d".formatted(range.from(), range.to() - 1);
  }

  /** Reads their weights. */
  ExpertWeights load(TensorScope scope) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, range.from(), range.to());
    result.took("load", start, scope);
    return weights;
  }

  /** Reads them once more, gate and up as they were solved. */
  ExpertWeights load(TensorScope scope, List<SolvedRows> solved) {
    long start = System.nanoTime();
    boolean read = !solver().quantizesAllGatesAndUps();
    ExpertWeights weights =
        read
            ? block.load(scope, range.from(), range.to())
            : block.loadDown(scope, range.from(), range.to());
    solved.forEach(rows -> rows.restore(scope, weights.gateUp()));
    result.took("load", start, scope);
    return weights;
  }

  private ExpertSolver solver() {
    return new ExpertSolver(
        block, batches, range.from(), range.to(), e -> calibration.tokens().get(e) == 0, result);
  }

  boolean quantizesDown() {
    return solver().quantizesDown();
  }

  /** Sums for the down projections of the layer, still empty. */
  DownCalibration downCalibration(TensorScope owner, ExpertWeights weights) {
    return new DownCalibration(calibration, owner, weights.down().getShape().get(2));
  }

  /**
   * Quantizes gate and up in place.
   *
   * @param keeper owns what changed, which is also returned; null where nobody asks for it
   */
  List<SolvedRows> gateAndUp(TensorScope parent, ExpertWeights weights, TensorScope keeper) {
    List<SolvedRows> solved = new ArrayList<>();
    ExpertSolver solver = solver();
    if (!solver.quantizesGateOrUp()) {
      return solved;
    }
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      CalibratedInput input = calibration.gateAndUp(scope, range, result);
      result.took("hessian", start, scope);
      solver.gateAndUp(
          scope,
          weights,
          input,
          (work, rows) -> {
            if (keeper != null) {
              solved.add(rows.keep(work, keeper));
            }
          });
    }
    return solved;
  }

  /**
   * What the down projections read with gate and up as they are now; empty where the memory has no
   * room for it and it is computed where it is needed.
   */
  Optional<ExpertActivations.Kept> activations(TensorScope scope, ExpertWeights weights) {
    long[] offsets = calibration.inputs().dispatch().offsets();
    long rows = offsets[range.to()] - offsets[range.from()];
    long bytes = Float.BYTES * rows * weights.down().getShape().get(2);
    if (!batches.memory().keepsActivations(bytes, range.count())) {
      return Optional.empty();
    }
    long start = System.nanoTime();
    ExpertActivations.Kept activations = activations().of(scope, weights);
    result.took("forward", start, scope);
    return Optional.of(activations);
  }

  private ExpertActivations activations() {
    ExpertInputs inputs = calibration.inputs();
    return new ExpertActivations(inputs.h(), inputs.dispatch());
  }

  /** What the down projections read: their own tokens alone. */
  CalibratedInput downInputs(
      TensorScope scope, ExpertWeights weights, Optional<ExpertActivations.Kept> activations) {
    long start = System.nanoTime();
    NDArray hessians = new DownHessians(calibration.inputs()).of(scope, weights, activations);
    NDArray heldOut =
        calibration
            .heldOut()
            .map(held -> new DownHessians(held).of(scope, weights, activations))
            .orElse(null);
    CalibratedInput own =
        new CalibratedInput(hessians, heldOut, largestDown(scope, weights, activations));
    result.took("hessian", start, scope);
    return own;
  }

  private NDArray largestDown(
      TensorScope scope, ExpertWeights weights, Optional<ExpertActivations.Kept> activations) {
    return solver().asksForLargestDown()
        ? activations().largest(scope, weights, activations)
        : scope.run("tensor.zeros", calibration.inputs().h(), range.count());
  }

  /** What they are solved with, once {@code layer} has what all chunks read. */
  CalibratedInput shrunk(
      TensorScope scope,
      DownCalibration layer,
      CalibratedInput own,
      ExpertWeights weights,
      Optional<ExpertActivations.Kept> activations) {
    long start = System.nanoTime();
    CalibratedInput shrunk = layer.of(scope, own, weights, activations);
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
  void addOutputs(
      TensorScope scope,
      ExpertWeights weights,
      Optional<ExpertActivations.Kept> activations,
      NDArray y) {
    long start = System.nanoTime();
    if (activations.isPresent() && sent == calibration.inputs().dispatch()) {
      activations().addOutputs(scope, y, activations.get(), weights);
    } else {
      new ExpertActivations(calibration.inputs().h(), sent).addOutputs(scope, y, weights);
    }
    result.took("forward", start, scope);
  }
}
