package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * What the down projections of a whole layer read, added up over its chunks of experts with their
 * quantized gate and up: an expert with few tokens leans on the layer's mean, which must not depend
 * on how many experts fitted the memory at once.
 */
final class DownCalibration {

  private final ExpertCalibration calibration;
  private final TensorScope owner;
  private final NDArray total;
  private NDArray largest;

  /**
   * @param owner owns the sums
   * @param width inputs of a down projection
   */
  DownCalibration(ExpertCalibration calibration, TensorScope owner, long width) {
    this.calibration = calibration;
    this.owner = owner;
    this.total = owner.run("tensor.zeros_square_double", calibration.inputs().h(), width);
    this.largest = owner.run("tensor.zeros", calibration.inputs().h(), 1);
  }

  /** Adds what the down projections of one chunk read. */
  void add(CalibratedInput own) {
    owner.runInPlace("hessian.add_all", total, own.hessian());
    NDArray before = largest;
    largest = owner.run("tensor.largest", own.largest(), before);
    before.close();
  }

  /** Adds what those of other devices' experts read, once all chunks were added. */
  void addOthers(Rank rank) {
    rank.reduce(owner, new NDList(total), new NDList(largest));
  }

  /**
   * What one chunk's down projections are solved with, once all chunks were added.
   *
   * @param own what they read themselves; its Hessians are changed in place
   * @param weights of the chunk
   * @param activations what they read, where that is kept
   */
  CalibratedInput of(
      TensorScope scope,
      CalibratedInput own,
      ExpertWeights weights,
      Optional<ExpertActivations.Kept> activations) {
    NDArray mean = scope.run("hessian.mean_of_total", total, calibration.pairs());
    calibration.shrinkDown(scope, own.hessian(), mean, weights, activations);
    return new CalibratedInput(
        own.hessian(), own.heldOut(), scope.run("experts.where_seen", own.largest(), largest));
  }
}
