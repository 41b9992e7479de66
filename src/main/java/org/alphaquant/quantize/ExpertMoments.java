package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;

/**
 * Sums of w² |x|⁴ over what the linears of experts read on this device, float64 [C]: how uncertain
 * an expert's own tokens leave its Hessian, which is what shrinkage goes by.
 */
record ExpertMoments(ExpertInputs inputs) {

  /** Over what gate and up read. */
  NDArray gateAndUp(TensorScope scope, ExpertRange range) {
    return HessianKernels.of(scope)
        .map(kernels -> sums(scope, kernels, inputs.squares(), inputs.dispatch().rows(), range))
        .orElseGet(
            () ->
                scope.run(
                    "moments.of_inputs",
                    inputs.squares(),
                    inputs.dispatch().rows(),
                    inputs.dispatch().weights(),
                    inputs.dispatch().offsets(),
                    range.from(),
                    range.to(),
                    inputs.power()));
  }

  private NDArray sums(
      TensorScope scope,
      HessianKernels kernels,
      NDArray squares,
      NDArray index,
      ExpertRange range) {
    return kernels.fourth(
        scope, squares, index, inputs.dispatch().weights(), inputs.bounds(), range, inputs.power());
  }

  /**
   * Over what down reads with gate and up as they are now.
   *
   * @param activations that, where it is kept
   */
  NDArray down(
      TensorScope scope, ExpertWeights weights, Optional<ExpertActivations.Kept> activations) {
    if (activations.isPresent()) {
      return ofKept(scope, weights, activations.get());
    }
    return HalfProducts.of(scope, weights)
        .map(products -> ofEach(scope, products, weights))
        .orElseGet(() -> inputs.sumOverActivations(scope, "moments.of_intermediate", weights));
  }

  private NDArray ofKept(
      TensorScope scope, ExpertWeights weights, ExpertActivations.Kept activations) {
    NDList read = activations.read();
    return HessianKernels.of(scope, read.get(0))
        .map(kernels -> ofSquares(scope, kernels, squares(scope, kernels, activations), weights))
        .orElseGet(
            () ->
                scope.run(
                    "moments.of_activations",
                    read,
                    inputs.dispatch().weights(),
                    inputs.dispatch().offsets(),
                    weights.from(),
                    inputs.power(),
                    Dispatch.ROWS));
  }

  private static NDArray squares(
      TensorScope scope, HessianKernels kernels, ExpertActivations.Kept activations) {
    if (activations.squaresOrNull() != null) {
      return activations.squaresOrNull();
    }
    NDList squares = new NDList();
    activations.read().forEach(read -> squares.add(kernels.size(scope, read).squares()));
    return scope.run("tensor.concatenate", squares);
  }

  private NDArray ofEach(TensorScope scope, HalfProducts products, ExpertWeights weights) {
    NDList squares = new NDList();
    products.each(
        scope,
        inputs.h(),
        weights,
        inputs.dispatch(),
        (own, e, read) -> squares.add(own.keep(scope, read.size().squares())));
    NDArray all = scope.run("tensor.concatenate", squares);
    return ofSquares(scope, products.kernels(), all, weights);
  }

  // Of |x|² of all that some experts read.
  private NDArray ofSquares(
      TensorScope scope, HessianKernels kernels, NDArray squares, ExpertWeights weights) {
    ExpertRange range = new ExpertRange(weights.from(), weights.from() + weights.count());
    return sums(scope, kernels, squares, null, range);
  }
}
