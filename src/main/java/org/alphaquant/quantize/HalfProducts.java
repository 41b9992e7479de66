package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alphaquant.cuda.Blas;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * What experts compute, in float16 with float32 sums and results where TF32 was asked for: both
 * keep ten bits after the leading one, and powers of two bring the factors into float16's range. On
 * tensor cores that takes half of TF32's time, and rows are gathered and rounded in one pass.
 */
record HalfProducts(Blas blas, HessianKernels kernels) {

  /** Empty where products are not TF32. */
  static Optional<HalfProducts> of(TensorScope scope) {
    if (!scope.rounds() || scope.productDtype() != TorchDtype.FLOAT32) {
      return Optional.empty();
    }
    return scope
        .cuda()
        .flatMap(device -> device.blas())
        .flatMap(blas -> HessianKernels.of(scope).map(kernels -> new HalfProducts(blas, kernels)));
  }

  /** Takes what the down projection of element {@code e} reads, [n, M], for as long as it lasts. */
  interface Take {
    void of(TensorScope scope, int e, NDArray read);
  }

  /** What {@code experts.activations} gives. */
  NDList activations(TensorScope scope, NDArray h, ExpertWeights weights, Dispatch dispatch) {
    NDList read = new NDList();
    each(scope, h, weights, dispatch, (own, e, all) -> read.add(own.keep(scope, all)));
    return read;
  }

  /** The same of one expert after the other, so that no more than one's is held. */
  void each(TensorScope scope, NDArray h, ExpertWeights weights, Dispatch dispatch, Take take) {
    try (TensorScope work = scope.child("activations")) {
      Factor tokens = factor(work, h);
      Half gateUp = half(work, weights.gateUp());
      NDArray factors = work.run("hessian.product_factors", tokens.shift, gateUp.shift);
      for (int e = 0; e < weights.count(); e++) {
        Slice slice = Slice.of(dispatch, weights, e);
        try (TensorScope own = work.child("expert")) {
          NDArray all = own.run("tensor.room", h, slice.count(), weights.down().getShape().get(2));
          for (Slice rows : slice.parts()) {
            activation(own, all, slice, rows, dispatch, tokens, gateUp, e, factors, weights);
          }
          take.of(own, e, all);
        }
      }
    }
  }

  private void activation(
      TensorScope own,
      NDArray all,
      Slice slice,
      Slice part,
      Dispatch dispatch,
      Factor tokens,
      Half gateUp,
      int e,
      NDArray factors,
      ExpertWeights weights) {
    try (TensorScope work = own.child("rows")) {
      NDArray rows = rounded(work, tokens, dispatch.rows(), 0, part);
      NDArray out = product(work, rows, gateUp, e, factors);
      NDArray activation = work.run("feed_forward.activate", out, weights.activation().number());
      work.runInPlace("tensor.place_rows", all, part.from - slice.from, activation);
    }
  }

  /** What {@code experts.add_outputs_of} adds. */
  void addOutputs(
      TensorScope scope, NDArray y, NDList read, ExpertWeights weights, Dispatch dispatch) {
    try (TensorScope work = scope.child("outputs")) {
      Half down = half(work, weights.down());
      for (int e = 0; e < weights.count(); e++) {
        addOutput(work, y, read.get(e), Slice.of(dispatch, weights, e), down, e, dispatch);
      }
    }
  }

  /** The same of activations that are computed for it. */
  void addOutputsFrom(
      TensorScope scope, NDArray y, NDArray h, ExpertWeights weights, Dispatch dispatch) {
    try (TensorScope work = scope.child("outputs")) {
      Half down = half(work, weights.down());
      each(
          work,
          h,
          weights,
          dispatch,
          (own, e, read) ->
              addOutput(own, y, read, Slice.of(dispatch, weights, e), down, e, dispatch));
    }
  }

  // What an expert's activations are multiplied with depends on nothing but these.
  private void addOutput(
      TensorScope scope,
      NDArray y,
      NDArray read,
      Slice slice,
      Half down,
      int e,
      Dispatch dispatch) {
    if (slice.count() == 0) {
      return;
    }
    try (TensorScope work = scope.child("expert")) {
      NDArray largest = work.run("experts.largest_rows", new NDList(read), y);
      Factor activations = new Factor(read, work.run("hessian.plain_shift", largest));
      NDArray factors = work.run("hessian.product_factors", activations.shift, down.shift);
      for (Slice part : slice.parts()) {
        try (TensorScope one = work.child("rows")) {
          NDArray rows = rounded(one, activations, null, slice.from, part);
          NDArray out = product(one, rows, down, e, factors);
          kernels.addWeighted(one, y, out, dispatch.rows(), dispatch.weights(), part.from);
        }
      }
    }
  }

  /** Some (token, slot) pairs of an expert. */
  private record Slice(long from, long to) {

    static Slice of(Dispatch dispatch, ExpertWeights weights, int element) {
      int expert = weights.from() + element;
      return new Slice(dispatch.offsets()[expert], dispatch.offsets()[expert + 1]);
    }

    long count() {
      return to - from;
    }

    List<Slice> parts() {
      List<Slice> parts = new ArrayList<>();
      for (long start = from; start < to; start += Dispatch.ROWS) {
        parts.add(new Slice(start, Math.min(to, start + Dispatch.ROWS)));
      }
      return parts;
    }
  }

  /** Rows and the power of two that brings them into range. */
  private record Factor(NDArray rows, NDArray shift) {}

  /** Weights of experts in float16, [C * outputs, in], times a power of two. */
  private record Half(NDArray weights, NDArray shift, int outputs) {}

  private static Factor factor(TensorScope work, NDArray x) {
    NDArray largest = work.run("tensor.largest", x, work.run("tensor.zeros", x, 1));
    return new Factor(x, work.run("hessian.plain_shift", largest));
  }

  private Half half(TensorScope work, NDArray weights) {
    int outputs = Math.toIntExact(weights.getShape().get(1));
    long rows = weights.getShape().get(0) * outputs;
    long[] flat = {rows, weights.getShape().get(2)};
    Factor factor = factor(work, work.run("tensor.reshape", weights, flat));
    return new Half(rounded(work, factor, null, 0, new Slice(0, rows)), factor.shift, outputs);
  }

  private NDArray rounded(TensorScope work, Factor x, NDArray index, long begin, Slice slice) {
    long width = x.rows.getShape().get(1);
    int dtype = TorchDtype.FLOAT16.number();
    NDArray into = work.run("hessian.room", x.rows, slice.count(), width, dtype);
    kernels.scaledRows(
        work, x.rows, index, null, begin, slice.from, slice.to, 1, x.shift, into, false);
    return into;
  }

  // Rows [n, in] times the transposed weights of an expert, float32 [n, outputs].
  private NDArray product(
      TensorScope work, NDArray rows, Half weights, int expert, NDArray factors) {
    int inputs = Math.toIntExact(rows.getShape().get(1));
    int count = Math.toIntExact(rows.getShape().get(0));
    NDArray out = work.run("tensor.room", rows, count, weights.outputs);
    long matrix = work.address(weights.weights) + 2L * expert * weights.outputs * inputs;
    blas.multiply(
        new Blas.Rows(work.address(rows), false, count, inputs, work.address(factors)),
        matrix,
        weights.outputs,
        work.address(out));
    return out;
  }
}
