package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * Experts {@code from..to-1} of a layer, which are on the device and solved together.
 *
 * @param calibration what they are calibrated on
 * @param sent the tokens that they are sent, whose outputs the next layer reads
 */
record ExpertChunk(
    MoeFeedForward block,
    ExpertCalibration calibration,
    Dispatch sent,
    BatchQuantizer batches,
    int from,
    int to,
    LayerResult result) {

  String label() {
    return "experts %d to %d".formatted(from, to - 1);
  }

  ExpertWeights load(TensorScope scope) {
    long start = System.nanoTime();
    ExpertWeights weights = block.load(scope, from, to);
    result.took("load", start, scope);
    return weights;
  }

  private ExpertSolver solver() {
    return new ExpertSolver(
        block, batches, from, to, e -> calibration.dispatch().tokens(e) == 0, result);
  }

  boolean quantizesDown() {
    return solver().quantizesDown();
  }

  /** Sums for the down projections of the layer, still empty. */
  DownCalibration downCalibration(TensorScope owner, ExpertWeights weights) {
    return new DownCalibration(calibration, owner, weights.down().getShape().get(2));
  }

  /** Quantizes gate and up in place; what changed is also returned, for the host to keep. */
  List<SolvedRows> gateAndUp(TensorScope parent, ExpertWeights weights, boolean keep) {
    List<SolvedRows> solved = new ArrayList<>();
    ExpertSolver solver = solver();
    if (!solver.quantizesGateOrUp()) {
      return solved;
    }
    try (TensorScope scope = parent.child("gate and up")) {
      long start = System.nanoTime();
      CalibratedInput input = calibration.gateAndUp(scope, from, to, result);
      result.took("hessian", start, scope);
      solver.gateAndUp(scope, weights, input, keep ? solved : null);
    }
    return solved;
  }

  /** What the down projections read with gate and up as they are now: their own tokens alone. */
  CalibratedInput downInputs(TensorScope scope, ExpertWeights weights) {
    long start = System.nanoTime();
    CalibratedInput own =
        new CalibratedInput(
            calibration.downHessians(scope, weights),
            solver().asksForLargestDown()
                ? calibration.largestDown(scope, weights)
                : scope.run("tensor.zeros", calibration.h(), to - from));
    result.took("hessian", start, scope);
    return own;
  }

  /** Quantizes the down projections in place. */
  void down(TensorScope parent, ExpertWeights weights, CalibratedInput input) {
    try (TensorScope scope = parent.child("down")) {
      solver().down(scope, weights, input);
    }
  }

  /** Adds the experts' outputs to {@code y [T, K]}. */
  void addOutputs(TensorScope scope, ExpertWeights weights, NDArray y) {
    long start = System.nanoTime();
    sent.addOutputs(scope, y, calibration.h(), weights, InputRounding.NONE);
    result.took("forward", start, scope);
  }
}
