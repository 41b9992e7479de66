package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.function.Supplier;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * What the experts of one layer are calibrated on.
 *
 * @param h block input of all tokens [T, K], in the type that experts multiply
 * @param largest largest absolute value of {@code h}, [1]
 * @param dispatch which of them go to which expert, and with what weight
 * @param mean what one routed token adds to a Hessian of gate and up on average, [K, K]
 * @param shrinkage how far Hessians are drawn towards the layer's mean
 */
record ExpertCalibration(
    NDArray h,
    NDArray largest,
    Dispatch dispatch,
    NDArray mean,
    RoutingWeight weighting,
    Shrinkage shrinkage) {

  /** The inputs of gate and up, which they share. */
  CalibratedInput gateAndUp(TensorScope scope, int from, int to, LayerResult result) {
    NDArray hessians = inputHessians(scope, from, to);
    float[] shares = shrink(scope, hessians, mean, from, () -> inputMoments(scope, from, to));
    for (int e = from; e < to; e++) {
      result.leans(e, shares[e - from]);
    }
    return new CalibratedInput(hessians, scope.run("tensor.repeated", largest, to - from));
  }

  /** Hessians of gate and up over their own tokens, [C, K, K]. */
  NDArray inputHessians(TensorScope scope, int from, int to) {
    return GramSums.of(scope)
        .map(sums -> reducedInputs(sums, from, to))
        .orElseGet(() -> overInputs(scope, "hessian.of_experts", from, to));
  }

  /** Sums of w² |x|⁴ over what gate and up read, float64 [C]. */
  NDArray inputMoments(TensorScope scope, int from, int to) {
    return overInputs(scope, "hessian.fourth_moments", from, to);
  }

  /** Sums of w² |x|⁴ over what down reads with gate and up as they are now, float64 [C]. */
  NDArray downMoments(TensorScope scope, ExpertWeights weights) {
    return overActivations(scope, "hessian.fourth_moments", weights);
  }

  private NDArray overInputs(TensorScope scope, String sum, int from, int to) {
    return over(scope, sum, new NDList(), new NDList(), false, from, to);
  }

  private NDArray overActivations(TensorScope scope, String sum, ExpertWeights weights) {
    return over(
        scope,
        sum,
        new NDList(weights.gateUp()),
        weights.biases(),
        weights.clamped(),
        weights.from(),
        weights.from() + weights.count());
  }

  // A sum over what the linears of some experts read: tokens, or the activations of gateUp.
  private NDArray over(
      TensorScope scope,
      String sum,
      NDList gateUp,
      NDList biases,
      boolean clamped,
      int from,
      int to) {
    return scope.run(
        sum,
        h,
        gateUp,
        biases,
        clamped,
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        from,
        to,
        weighting.power(),
        Dispatch.ROWS);
  }

  private NDArray reducedInputs(GramSums sums, int from, int to) {
    return sums.ofExperts(
        to - from,
        h.getShape().get(1),
        h,
        slice(from),
        (scope, element, start, end) ->
            scope.run(
                "hessian.scaled_inputs",
                h,
                dispatch.rows(),
                dispatch.weights(),
                start,
                end,
                weighting.power()));
  }

  // Where the rows of each expert of a chunk are.
  private GramSums.Slice slice(int from) {
    return new GramSums.Slice(dispatch.offsets(), from);
  }

  private NDArray reducedDown(GramSums sums, ExpertWeights weights) {
    return sums.ofExperts(
        weights.count(),
        weights.down().getShape().get(2),
        h,
        slice(weights.from()),
        (scope, element, start, end) ->
            scope.run(
                "hessian.scaled_activations",
                h,
                weights.gateUp(),
                weights.biases(),
                weights.clamped(),
                dispatch.rows(),
                dispatch.weights(),
                start,
                end,
                element,
                weighting.power()));
  }

  /** Hessians of the down projections' own tokens with gate and up as they are now, [C, M, M]. */
  NDArray downHessians(TensorScope scope, ExpertWeights weights) {
    return GramSums.of(scope)
        .map(sums -> reducedDown(sums, weights))
        .orElseGet(() -> activations(scope, weights));
  }

  private NDArray activations(TensorScope scope, ExpertWeights weights) {
    return overActivations(scope, "hessian.of_experts", weights);
  }

  /** The largest absolute input of each down projection, [C]; zero where no token came. */
  NDArray largestDown(TensorScope scope, ExpertWeights weights) {
    return scope.run(
        "experts.largest_intermediate",
        h,
        weights.gateUp(),
        weights.biases(),
        weights.clamped(),
        dispatch.rows(),
        dispatch.offsets(),
        weights.from(),
        weights.from() + weights.count(),
        Dispatch.ROWS);
  }

  /**
   * Draws the Hessians of down projections towards the layer's mean, in place.
   *
   * @param hessians of experts {@code weights.from()} and following
   */
  void shrinkDown(TensorScope scope, NDArray hessians, NDArray average, ExpertWeights weights) {
    shrink(scope, hessians, average, weights.from(), () -> downMoments(scope, weights));
  }

  // What part of each Hessian is the layer's mean then.
  private float[] shrink(
      TensorScope scope,
      NDArray hessians,
      NDArray average,
      int from,
      Supplier<NDArray> fourthMoments) {
    if (shrinkage.tokens() != null) {
      NDArray shares =
          scope.run(
              "hessian.shrink",
              hessians,
              average,
              dispatch.weights(),
              dispatch.offsets(),
              from,
              weighting.power(),
              shrinkage.tokens());
      return scope.toFloats(shares);
    }
    NDArray shares =
        scope.run(
            "hessian.shrink_by_noise",
            hessians,
            average,
            dispatch.weights(),
            dispatch.offsets(),
            from,
            weighting.power(),
            fourthMoments.get());
    return scope.toFloats(shares);
  }
}
