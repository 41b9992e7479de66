package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * What the experts of one layer are calibrated on: their tokens, and the sums over all experts,
 * which one with few tokens leans on.
 *
 * @param inputs the tokens of all devices
 * @param sums of each expert its tokens, their weights and the squares of these, float64 [E, 3]
 * @param tokens of each expert
 * @param mean what one routed token adds to a Hessian of gate and up on average, [K, K]
 * @param shrinkage how far Hessians are drawn towards the layer's mean
 * @param heldOut the tokens of sequences held out alone, if any are
 */
record ExpertCalibration(
    ExpertInputs inputs,
    NDArray sums,
    List<Long> tokens,
    NDArray mean,
    Shrinkage shrinkage,
    Optional<ExpertInputs> heldOut) {

  /** The inputs of gate and up, which they share, of some experts. */
  CalibratedInput gateAndUp(TensorScope scope, ExpertRange range, LayerResult result) {
    try (TensorScope work = scope.child("inputs")) {
      NDArray hessians = inputs.hessians(work, range);
      // Before the device is waited for.
      NDArray ofHeldOut = heldOut.map(of -> of.hessians(scope, range)).orElse(null);
      Supplier<NDArray> fourth = () -> new ExpertMoments(inputs).gateAndUp(work, range);
      float[] shares = shrink(work, hessians, mean, range.from(), fourth);
      for (int e = 0; e < shares.length; e++) {
        result.leans(range.from() + e, shares[e]);
      }
      return new CalibratedInput(
          work.keep(scope, hessians),
          ofHeldOut,
          scope.run("tensor.repeated", inputs.largest(), shares.length));
    }
  }

  /**
   * Draws the Hessians of down projections towards the layer's mean, in place.
   *
   * @param hessians of some experts
   * @param weights of these
   * @param activations what they read, where that is kept
   */
  void shrinkDown(
      TensorScope scope,
      NDArray hessians,
      NDArray average,
      ExpertWeights weights,
      Optional<ExpertActivations.Kept> activations) {
    Supplier<NDArray> fourth = () -> new ExpertMoments(inputs).down(scope, weights, activations);
    shrink(scope, hessians, average, weights.from(), fourth);
  }

  // What part of each Hessian is the layer's mean then.
  private float[] shrink(
      TensorScope scope,
      NDArray hessians,
      NDArray average,
      int from,
      Supplier<NDArray> fourthMoments) {
    NDArray shares =
        shrinkage.tokens() != null
            ? scope.run("shrinkage.by_tokens", hessians, average, sums, from, shrinkage.tokens())
            : shrunkByNoise(scope, hessians, average, from, fourthMoments.get());
    return scope.toFloats(shares);
  }

  private NDArray shrunkByNoise(
      TensorScope scope, NDArray hessians, NDArray average, int from, NDArray fourth) {
    return HessianKernels.of(scope)
        .map(kernels -> kernels.shrinkByNoise(scope, hessians, average, sums, from, fourth))
        .orElseGet(() -> scope.run("shrinkage.by_noise", hessians, average, sums, from, fourth));
  }

  /** All (token, slot) pairs. */
  long pairs() {
    return tokens.stream().mapToLong(Long::longValue).sum();
  }
}
