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

  /** Empty where products are not TF32, or where biases would have to be added. */
  static Optional<HalfProducts> of(TensorScope scope, ExpertWeights weights) {
    if (!weights.biases().isEmpty()
        || !scope.rounds()
        || scope.productDtype() != TorchDtype.FLOAT32) {
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
      Inputs inputs = new Inputs(work, h, weights, dispatch);
      for (int e = 0; e < weights.count(); e++) {
        try (TensorScope own = work.child("expert")) {
          take.of(own, e, inputs.activations(own, e));
        }
      }
    }
  }

  /** What the experts' first projections read. */
  private final class Inputs {

    private final NDArray like;
    private final ExpertWeights weights;
    private final Dispatch dispatch;
    private final HessianKernels.Rows tokens;
    private final Half gateUp;
    private final long shift;
    private final long factors;

    Inputs(TensorScope work, NDArray h, ExpertWeights weights, Dispatch dispatch) {
      Factor factor = factor(work, h);
      this.like = h;
      this.weights = weights;
      this.dispatch = dispatch;
      this.tokens = kernels.rows(work, h, dispatch.rows(), null);
      this.gateUp = half(work, weights.gateUp());
      this.shift = work.address(factor.shift);
      this.factors = work.address(work.run("gram.product_factors", factor.shift, gateUp.shift));
    }

    NDArray activations(TensorScope own, int e) {
      Slice slice = Slice.of(dispatch, weights, e);
      NDArray all = own.run("tensor.room", like, slice.count(), weights.down().getShape().get(2));
      for (Slice part : slice.parts()) {
        try (TensorScope work = own.child("rows")) {
          NDArray rows = rounded(work, like, tokens, 0, part, shift);
          NDArray out = product(work, rows, gateUp, e, factors);
          NDArray activation =
              work.run("feed_forward.activate", out, weights.activation().number());
          work.runInPlace("tensor.place_rows", all, part.from - slice.from, activation);
        }
      }
      return all;
    }
  }

  /** What {@code experts.add_outputs_of} adds. */
  void addOutputs(
      TensorScope scope, NDArray y, NDList read, ExpertWeights weights, Dispatch dispatch) {
    try (TensorScope work = scope.child("outputs")) {
      Outputs outputs = new Outputs(work, y, weights, dispatch);
      Shifts shifts = outputs.shifts(work, work.run("experts.largest_rows", read, y));
      for (int e = 0; e < weights.count(); e++) {
        outputs.add(work, e, read.get(e), shifts.of(e));
      }
    }
  }

  /** The same of activations that are computed for it. */
  void addOutputsFrom(
      TensorScope scope, NDArray y, NDArray h, ExpertWeights weights, Dispatch dispatch) {
    try (TensorScope work = scope.child("outputs")) {
      Outputs outputs = new Outputs(work, y, weights, dispatch);
      each(
          work,
          h,
          weights,
          dispatch,
          (own, e, read) -> {
            NDArray largest = own.run("experts.largest_rows", new NDList(read), y);
            outputs.add(own, e, read, outputs.shifts(own, largest).of(0));
          });
    }
  }

  /**
   * Powers of two that bring the activations of some experts into range, and what takes them back.
   */
  private record Shifts(long by, long factors) {

    Shift of(int element) {
      return new Shift(by + (long) element * Float.BYTES, factors + element * 2L * Float.BYTES);
    }
  }

  /** The addresses of one. */
  private record Shift(long by, long factors) {}

  /** Where the outputs of experts go. */
  private final class Outputs {

    private final NDArray like;
    private final ExpertWeights weights;
    private final Dispatch dispatch;
    private final Half down;
    private final long y;
    private final long rows;
    private final long scores;

    Outputs(TensorScope work, NDArray y, ExpertWeights weights, Dispatch dispatch) {
      this.like = y;
      this.weights = weights;
      this.dispatch = dispatch;
      this.down = half(work, weights.down());
      this.y = work.address(y);
      this.rows = work.address(dispatch.rows());
      this.scores = work.address(dispatch.weights());
    }

    // Depends on nothing but the expert's own activations.
    Shifts shifts(TensorScope work, NDArray largest) {
      NDArray by = work.run("gram.plain_shift", largest);
      NDArray factors = work.run("gram.product_factors", by, down.shift);
      return new Shifts(work.address(by), work.address(factors));
    }

    void add(TensorScope scope, int e, NDArray read, Shift shift) {
      Slice own = Slice.of(dispatch, weights, e);
      if (own.count() == 0) {
        return;
      }
      HessianKernels.Rows activations = kernels.rows(scope, read, null, null);
      for (Slice part : own.parts()) {
        try (TensorScope one = scope.child("rows")) {
          NDArray half = rounded(one, like, activations, own.from, part, shift.by);
          NDArray out = product(one, half, down, e, shift.factors);
          kernels.addWeighted(one, y, out, rows, scores, part.from);
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
    return new Factor(x, work.run("gram.plain_shift", largest));
  }

  private Half half(TensorScope work, NDArray weights) {
    int outputs = Math.toIntExact(weights.getShape().get(1));
    long count = weights.getShape().get(0) * outputs;
    long[] flat = {count, weights.getShape().get(2)};
    Factor factor = factor(work, work.run("tensor.reshape", weights, flat));
    HessianKernels.Rows rows = kernels.rows(work, factor.rows, null, null);
    Slice all = new Slice(0, count);
    NDArray rounded = rounded(work, weights, rows, 0, all, work.address(factor.shift));
    return new Half(rounded, factor.shift, outputs);
  }

  private NDArray rounded(
      TensorScope work,
      NDArray like,
      HessianKernels.Rows rows,
      long begin,
      Slice slice,
      long shift) {
    int dtype = TorchDtype.FLOAT16.number();
    NDArray into = work.run("gram.room", like, slice.count(), rows.width(), dtype);
    rows.scaled(work, begin, slice.from, slice.to, 1, shift, into, false);
    return into;
  }

  // Rows [n, in] times the transposed weights of an expert, float32 [n, outputs].
  private NDArray product(TensorScope work, NDArray rows, Half weights, int expert, long factors) {
    int inputs = Math.toIntExact(rows.getShape().get(1));
    int count = Math.toIntExact(rows.getShape().get(0));
    NDArray out = work.run("tensor.room", rows, count, weights.outputs);
    long matrix = work.address(weights.weights) + 2L * expert * weights.outputs * inputs;
    blas.multiply(
        new Blas.Rows(work.address(rows), false, count, inputs, factors),
        matrix,
        weights.outputs,
        work.address(out));
    return out;
  }
}
