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
 * @param dispatch which of them go to which expert, and with what weight
 * @param mean what one routed token adds to a Hessian on average, [K, K]
 * @param shrinkage average tokens added to each expert's Hessian
 */
record ExpertCalibration(
    NDArray h, Dispatch dispatch, NDArray mean, RoutingWeight weighting, double shrinkage) {

  /** Rows gathered at once, which bounds the copies of one expert's inputs. */
  static final int ROWS = 16_384;

  /** The inputs of gate and up, which they share. */
  CalibratedInput gateAndUp(TensorScope scope, int from, int to) {
    NDArray own = perExpert(scope, "moe.input_hessians", from, to, h);
    NDArray largest = scope.run("moe.largest", h, scope.run("moe.zeros", h, 1));
    return new CalibratedInput(
        scope.run("moe.shrink", own, mean, shrinkage),
        scope.run("moe.repeated", largest, to - from));
  }

  /**
   * The inputs of the down projections, computed with the weights of gate and up as they are now.
   *
   * @param largest whether the largest of them is needed
   */
  CalibratedInput down(
      TensorScope scope, ExpertWeights weights, int from, int to, boolean largest) {
    Object[] inputs = {h, weights.gateUp(), weights.biases(), weights.clamped()};
    NDArray own = perExpert(scope, "moe.down_hessians", from, to, inputs);
    long tokens = dispatch.offsets()[to] - dispatch.offsets()[from];
    NDArray average = scope.run("moe.mean_of_batch", own, tokens);
    return new CalibratedInput(
        scope.run("moe.shrink", own, average, shrinkage),
        largest
            ? perExpert(scope, "moe.largest_activations", from, to, inputs)
            : scope.run("moe.zeros", h, to - from));
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
