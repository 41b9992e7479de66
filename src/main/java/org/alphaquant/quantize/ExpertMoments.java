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
    return scope.run(
        "moments.of_inputs",
        inputs.squares(),
        inputs.dispatch().rows(),
        inputs.dispatch().weights(),
        inputs.dispatch().offsets(),
        range.from(),
        range.to(),
        inputs.power());
  }

  /**
   * Over what down reads with gate and up as they are now.
   *
   * @param activations that, where it is kept
   */
  NDArray down(TensorScope scope, ExpertWeights weights, Optional<NDList> activations) {
    if (activations.isPresent()) {
      return ofKept(scope, weights, activations.get());
    }
    return HalfProducts.of(scope, weights)
        .map(products -> ofEach(scope, products, weights))
        .orElseGet(() -> inputs.sumOverActivations(scope, "moments.of_intermediate", weights));
  }

  private NDArray ofKept(TensorScope scope, ExpertWeights weights, NDList read) {
    return HessianKernels.of(scope, read.get(0))
        .map(kernels -> ofSquares(scope, kernels.rowSquares(scope, read), weights))
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

  private NDArray ofEach(TensorScope scope, HalfProducts products, ExpertWeights weights) {
    NDList squares = new NDList();
    products.each(
        scope,
        inputs.h(),
        weights,
        inputs.dispatch(),
        (own, e, read) ->
            squares.add(own.keep(scope, products.kernels().rowSquares(own, new NDList(read)))));
    return ofSquares(scope, scope.run("tensor.concatenate", squares), weights);
  }

  // Of |x|² of all that some experts read.
  private NDArray ofSquares(TensorScope scope, NDArray squares, ExpertWeights weights) {
    return scope.run(
        "moments.of_squares",
        squares,
        inputs.dispatch().weights(),
        inputs.dispatch().offsets(),
        weights.from(),
        weights.from() + weights.count(),
        inputs.power());
  }
}
