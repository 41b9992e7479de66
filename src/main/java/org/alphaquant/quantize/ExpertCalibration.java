package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import org.alphaquant.gptq.RoutingWeight;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.moe.Dispatch;
import org.alphaquant.torch.TensorScope;

/**
 * What the experts of one layer are calibrated on.
 *
 * @param h block input of all tokens [T, K]
 * @param largest largest absolute value of {@code h}, [1]
 * @param dispatch which of them go to which expert, and with what weight
 * @param mean what one routed token adds to a Hessian of gate and up on average, [K, K]
 * @param shrinkage average tokens added to each expert's Hessian
 */
record ExpertCalibration(
    NDArray h,
    NDArray largest,
    Dispatch dispatch,
    NDArray mean,
    RoutingWeight weighting,
    double shrinkage) {

  /** Rows gathered at once, which bounds the copies of one expert's inputs. */
  static final int ROWS = 16_384;

  /** The inputs of gate and up, which they share. */
  CalibratedInput gateAndUp(TensorScope scope, int from, int to) {
    NDArray hessians = perExpert(scope, "moe.input_hessians", from, to, h);
    shrink(scope, hessians, mean);
    return new CalibratedInput(hessians, scope.run("moe.repeated", largest, to - from));
  }

  /** Hessians of the down projections' own tokens with gate and up as they are now, [C, M, M]. */
  NDArray downHessians(TensorScope scope, ExpertWeights weights, int from, int to) {
    return perExpert(scope, "moe.down_hessians", from, to, activations(weights));
  }

  /** The largest absolute input of each down projection, [C]; zero where no token came. */
  NDArray largestDown(TensorScope scope, ExpertWeights weights, int from, int to) {
    return perExpert(scope, "moe.largest_activations", from, to, activations(weights));
  }

  /** Adds {@link #shrinkage} average tokens to every Hessian, in place. */
  void shrink(TensorScope scope, NDArray hessians, NDArray average) {
    scope.runInPlace("moe.shrink", hessians, average, shrinkage);
  }

  /** All (token, slot) pairs of the layer. */
  long pairs() {
    return dispatch.offsets()[dispatch.offsets().length - 1];
  }

  private Object[] activations(ExpertWeights weights) {
    return new Object[] {h, weights.gateUp(), weights.biases(), weights.clamped()};
  }

  private NDArray perExpert(
      TensorScope scope, String function, int from, int to, Object... inputs) {
    Object[] routing = {
      dispatch.rows(), dispatch.weights(), dispatch.offsets(), from, to, weighting.power(), ROWS
    };
    Object[] arguments = new Object[inputs.length + routing.length];
    System.arraycopy(inputs, 0, arguments, 0, inputs.length);
    System.arraycopy(routing, 0, arguments, inputs.length, routing.length);
    return scope.run(function, arguments);
  }
}
