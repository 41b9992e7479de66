package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * Products of experts {@code from..to-1} with all their tokens at once, each expert's padded to as
 * many as the busiest has: with few tokens a GPU waits for the launches of one product for each
 * expert longer than it multiplies.
 */
record PaddedProducts(Dispatch dispatch, int from, int to) {

  /**
   * Empty where one product for each expert is quicker.
   *
   * @param widest of what is multiplied
   */
  static Optional<PaddedProducts> of(
      TensorScope scope, Dispatch dispatch, int from, int to, long widest) {
    return scope.cuda().isPresent() && dispatch.fitsTogether(from, to, widest)
        ? Optional.of(new PaddedProducts(dispatch, from, to))
        : Optional.empty();
  }

  /** The same for whatever is multiplied with some experts' weights or their inputs. */
  static Optional<PaddedProducts> of(TensorScope scope, Dispatch dispatch, ExpertWeights weights) {
    long widest = Math.max(weights.gateUp().getShape().get(1), weights.gateUp().getShape().get(2));
    return of(scope, dispatch, weights.from(), weights.from() + weights.count(), widest);
  }

  /** What the down projections read, of each its own tokens, [n, M]. */
  NDList activations(TensorScope scope, NDArray h, ExpertWeights weights) {
    return scope.runAll(
        "experts.activations_together",
        h,
        weights.gateUp(),
        weights.biases(),
        weights.activation().number(),
        dispatch.rows(),
        dispatch.offsets(),
        from,
        to);
  }

  /** Adds to {@code y [T, K]} what experts make of activations {@code read}. */
  void addOutputs(TensorScope scope, NDArray y, NDList read, ExpertWeights weights) {
    scope.runInPlace(
        "experts.add_outputs_of_together",
        y,
        read,
        weights.down(),
        weights.biases(),
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        from,
        to);
  }

  /** Hessians of gate and up, [C, K, K]. */
  NDArray hessians(TensorScope scope, NDArray h, double power) {
    return scope.run(
        "hessian.of_experts_together",
        h,
        dispatch.rows(),
        dispatch.weights(),
        dispatch.offsets(),
        from,
        to,
        power);
  }

  /** Hessians of down, which reads {@code read}, [C, M, M]. */
  NDArray downHessians(TensorScope scope, NDList read, double power) {
    return scope.run(
        "hessian.of_activations_together",
        read,
        dispatch.weights(),
        dispatch.offsets(),
        from,
        power);
  }
}
