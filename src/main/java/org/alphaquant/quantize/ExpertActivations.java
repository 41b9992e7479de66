package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Optional;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.model.block.InputRounding;
import org.alphaquant.torch.TensorScope;

/**
 * What the down projections of experts read with gate and up as they are now, and what the experts
 * make of it. It is computed once and kept where the memory has room, else wherever it is needed.
 *
 * @param h block input of all of this device's tokens [T, K], in the type that experts multiply
 * @param dispatch which of them go to which expert, and with what weight
 */
record ExpertActivations(NDArray h, Dispatch dispatch) {

  /** Of each of some experts its own tokens, [n, M]. */
  NDList of(TensorScope scope, ExpertWeights weights) {
    Optional<PaddedProducts> padded = PaddedProducts.of(scope, dispatch, weights);
    if (padded.isPresent()) {
      return padded.get().activations(scope, h, weights);
    }
    return HalfProducts.of(scope, weights)
        .map(products -> products.activations(scope, h, weights, dispatch))
        .orElseGet(() -> byScript(scope, weights));
  }

  private NDList byScript(TensorScope scope, ExpertWeights weights) {
    return scope.runAll(
        "experts.activations",
        h,
        weights.gateUp(),
        weights.biases(),
        weights.activation().number(),
        dispatch.rows(),
        dispatch.offsets(),
        weights.from(),
        weights.from() + weights.count(),
        Dispatch.ROWS);
  }

  /** Adds to {@code y [T, K]} what experts make of kept activations {@code read}. */
  void addOutputs(TensorScope scope, NDArray y, NDList read, ExpertWeights weights) {
    Optional<PaddedProducts> padded = PaddedProducts.of(scope, dispatch, weights);
    Optional<HalfProducts> halves = HalfProducts.of(scope, weights);
    if (padded.isPresent()) {
      padded.get().addOutputs(scope, y, read, weights);
    } else if (halves.isPresent()) {
      halves.get().addOutputs(scope, y, read, weights, dispatch);
    } else {
      dispatch.addOutputs(scope, y, read, weights);
    }
  }

  /** The same of activations that are computed for it. */
  void addOutputs(TensorScope scope, NDArray y, ExpertWeights weights) {
    Optional<HalfProducts> halves = HalfProducts.of(scope, weights);
    if (halves.isPresent()) {
      halves.get().addOutputsFrom(scope, y, h, weights, dispatch);
    } else {
      dispatch.addOutputs(scope, y, h, weights, InputRounding.NONE);
    }
  }

  /**
   * The largest absolute input of each down projection, [C]; zero where no token came.
   *
   * @param kept what they read, where that is kept
   */
  NDArray largest(TensorScope scope, ExpertWeights weights, Optional<NDList> kept) {
    if (kept.isPresent()) {
      return scope.run("experts.largest_rows", kept.get(), h);
    }
    return HalfProducts.of(scope, weights)
        .map(products -> largestOfEach(scope, products, weights))
        .orElseGet(() -> largestByScript(scope, weights));
  }

  private NDArray largestOfEach(TensorScope scope, HalfProducts products, ExpertWeights weights) {
    NDList largest = new NDList();
    products.each(
        scope,
        h,
        weights,
        dispatch,
        (own, e, read) ->
            largest.add(own.keep(scope, own.run("experts.largest_rows", new NDList(read), h))));
    return scope.run("tensor.concatenate", largest);
  }

  private NDArray largestByScript(TensorScope scope, ExpertWeights weights) {
    return scope.run(
        "experts.largest_intermediate",
        h,
        weights.gateUp(),
        weights.biases(),
        weights.activation().number(),
        dispatch.rows(),
        dispatch.offsets(),
        weights.from(),
        weights.from() + weights.count(),
        Dispatch.ROWS);
  }
}
