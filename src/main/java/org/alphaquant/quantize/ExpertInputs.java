package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import java.util.function.Function;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * This device's tokens that go to the experts of one layer, and the Hessians of gate and up, which
 * read them. {@link DownHessians} are those of down, which reads what gate and up make of them.
 *
 * @param h block input of all tokens [T, K], in the type that experts multiply
 * @param squares |x|² of every row of {@code h}, float64 [T]
 * @param largest largest absolute value of {@code h} on all devices, [1]
 * @param dispatch which of them go to which expert, and with what weight
 * @param bounds its offsets on the device
 * @param places of sequences held out alone, where their pairs are among all of each expert; else
 *     null
 */
record ExpertInputs(
    NDArray h,
    NDArray squares,
    NDArray largest,
    Dispatch dispatch,
    NDArray bounds,
    RoutingWeight weighting,
    NDArray places) {

  /** All of them. */
  static ExpertInputs of(
      TensorScope scope,
      NDArray h,
      NDArray largest,
      Dispatch dispatch,
      NDArray bounds,
      RoutingWeight weighting) {
    NDArray squares =
        HessianKernels.of(scope, h)
            .map(kernels -> kernels.size(scope, h).squares())
            .orElseGet(() -> scope.run("moments.row_squares", h, Dispatch.ROWS));
    return new ExpertInputs(h, squares, largest, dispatch, bounds, weighting, null);
  }

  /** Those of sequences held out alone, for sums over their tokens. */
  ExpertInputs heldOut(TensorScope scope, HeldOut sequences) {
    HeldOut.Pairs pairs = sequences.of(scope, dispatch);
    return new ExpertInputs(
        h, squares, largest, pairs.dispatch(), pairs.bounds(), weighting, pairs.places());
  }

  /** The exponent of its score that a token counts with. */
  double power() {
    return weighting.power();
  }

  /** Hessians of gate and up over this device's tokens, [C, K, K]. */
  NDArray hessians(TensorScope scope, ExpertRange range) {
    Optional<PaddedProducts> padded =
        PaddedProducts.of(scope, dispatch, range.from(), range.to(), h.getShape().get(1));
    if (padded.isPresent()) {
      return padded.get().hessians(scope, h, power());
    }
    return GramSums.of(scope)
        .map(sums -> reduced(sums, range))
        .orElseGet(() -> sum(scope, "hessian.of_experts", new NDList(), new NDList(), 0, range));
  }

  private NDArray reduced(GramSums sums, ExpertRange range) {
    NDArray rows = dispatch.rows();
    NDArray weights = dispatch.weights();
    return sums.ofExperts(
        range.count(),
        Math.toIntExact(h.getShape().get(1)),
        largest,
        weights,
        power(),
        new GramSums.Slice(dispatch.offsets(), range.from()),
        scaled(sums, rows, weights));
  }

  private Function<GramSums.Shift, GramSums.Rows> scaled(
      GramSums sums, NDArray rows, NDArray weights) {
    double power = power();
    Optional<GramSums.Scaled> scaled =
        sums.kernels(h).map(kernels -> sums.new Scaled(kernels, h, rows, weights, power));
    return shift ->
        (scope, start, end) ->
            scaled.isPresent()
                ? scaled.get().of(scope, 0, start, end, shift)
                : scope.run(
                    "gram.scaled_inputs",
                    h,
                    rows,
                    weights,
                    start,
                    end,
                    power,
                    shift.array(scope),
                    sums.dtype());
  }

  /**
   * A sum over what the down projections of some experts read, which the script computes from gate
   * and up as they are now and lets go.
   *
   * @param sum a script that takes what {@code hessian.of_experts} does
   */
  NDArray sumOverActivations(TensorScope scope, String sum, ExpertWeights weights) {
    return sum(
        scope,
        sum,
        new NDList(weights.gateUp()),
        weights.biases(),
        weights.activation().number(),
        new ExpertRange(weights.from(), weights.from() + weights.count()));
  }

  // Over what the linears of some experts read: tokens, or the activations of gateUp.
  private NDArray sum(
      TensorScope scope,
      String sum,
      NDList gateUp,
      NDList biases,
      int activation,
      ExpertRange range) {
    return scope.run(
        sum,
        h,
        gateUp,
        biases,
        activation,
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        range.from(),
        range.to(),
        power(),
        Dispatch.ROWS);
  }
}
