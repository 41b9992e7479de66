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

  /**
   * What the down projections of some experts read, where that is kept.
   *
   * @param read of each its own tokens, [n, M]
   * @param largestOrNull largest absolute number of each, [C], where it is known
   * @param squaresOrNull |x|² of every row of all, one after the other, float64, where it is known
   * @param addressesOrNull where those that have rows lie, int64 [C], where it was asked
   */
  record Kept(NDList read, NDArray largestOrNull, NDArray squaresOrNull, NDArray addressesOrNull) {

    Kept(NDList read) {
      this(read, null, null, null);
    }

    NDArray addresses(TensorScope scope) {
      return addressesOrNull == null ? addresses(scope, read) : addressesOrNull;
    }

    static NDArray addresses(TensorScope scope, NDList read) {
      long[] addresses =
          read.stream().mapToLong(x -> x.size() == 0 ? 0 : scope.address(x)).toArray();
      return scope.longs(addresses, addresses.length);
    }

    /** The largest absolute number of each, [C]; zero where no token came. */
    NDArray largest(TensorScope scope, NDArray like) {
      return largestOrNull == null ? scope.run("experts.largest_rows", read, like) : largestOrNull;
    }
  }

  /** Of some experts. */
  Kept of(TensorScope scope, ExpertWeights weights) {
    Optional<PaddedProducts> padded = PaddedProducts.of(scope, dispatch, weights);
    if (padded.isPresent()) {
      return new Kept(padded.get().activations(scope, h, weights));
    }
    return HalfProducts.of(scope, weights)
        .map(products -> products.activations(scope, h, weights, dispatch))
        .orElseGet(() -> new Kept(byScript(scope, weights)));
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

  /** Adds to {@code y [T, K]} what experts make of kept activations. */
  void addOutputs(TensorScope scope, NDArray y, Kept kept, ExpertWeights weights) {
    Optional<PaddedProducts> padded = PaddedProducts.of(scope, dispatch, weights);
    Optional<HalfProducts> halves = HalfProducts.of(scope, weights);
    if (padded.isPresent()) {
      padded.get().addOutputs(scope, y, kept.read(), weights);
    } else if (halves.isPresent()) {
      halves.get().addOutputs(scope, y, kept, weights, dispatch);
    } else {
      dispatch.addOutputs(scope, y, kept.read(), weights);
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
  NDArray largest(TensorScope scope, ExpertWeights weights, Optional<Kept> kept) {
    if (kept.isPresent()) {
      return scope.run("tensor.cloned", kept.get().largest(scope, h));
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
        (own, e, read) -> largest.add(own.keep(scope, read.size().largest())));
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
