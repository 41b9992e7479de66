package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.cuda.Blas;
import org.alphaquant.model.block.Activation;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.ExpertWeights;
import org.alphaquant.torch.RowKernels;
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

  /** Takes what the down projection of element {@code e} reads for as long as it lasts. */
  interface Take {
    void of(TensorScope scope, int e, Read read);
  }

  /**
   * What a down projection reads.
   *
   * @param rows float32 [n, M]
   * @param size of them
   */
  record Read(NDArray rows, HessianKernels.Size size) {}

  /** What {@code experts.activations} gives. */
  ExpertActivations.Kept activations(
      TensorScope scope, NDArray h, ExpertWeights weights, Dispatch dispatch) {
    NDList read = new NDList();
    NDList squares = new NDList();
    NDList largest = new NDList();
    try (TensorScope sizes = scope.child("sizes")) {
      Take keep =
          (own, e, one) -> {
            read.add(own.keep(scope, one.rows));
            squares.add(own.keep(sizes, one.size.squares()));
            largest.add(own.keep(sizes, one.size.largest()));
          };
      each(scope, h, weights, dispatch, keep);
      return new ExpertActivations.Kept(
          read,
          sizes.keep(scope, sizes.run("tensor.concatenate", largest)),
          sizes.keep(scope, sizes.run("tensor.concatenate", squares)),
          ExpertActivations.Kept.addresses(scope, read));
    }
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

  /** Room for some rows and their products, which one batch of rows after the other takes. */
  private final class Batch {

    private final NDArray rows;
    private final NDArray products;

    Batch(TensorScope work, NDArray like, Dispatch dispatch, ExpertWeights weights, Half matrix) {
      long most =
          IntStream.range(weights.from(), weights.from() + weights.count())
              .mapToLong(dispatch::tokens)
              .max()
              .orElse(0);
      long count = Math.min(Dispatch.ROWS, most);
      int dtype = TorchDtype.FLOAT16.number();
      this.rows = work.run("gram.room", like, count, matrix.inputs(), dtype);
      this.products = work.run("tensor.room", like, count, matrix.outputs);
    }

    // Of the transposed weights of an expert.
    void multiply(
        TensorScope scope,
        RowKernels.Rows from,
        long begin,
        Slice slice,
        Half matrix,
        int e,
        Shift shift) {
      long address = scope.address(rows);
      from.scaled(begin, slice.from, slice.to, 1, shift.by, address, false);
      int count = Math.toIntExact(slice.count());
      int inputs = matrix.inputs();
      blas.multiply(
          new Blas.Rows(address, false, count, inputs, shift.factors),
          scope.address(matrix.weights) + 2L * e * matrix.outputs * inputs,
          matrix.outputs,
          scope.address(products));
    }
  }

  /** What the experts' first projections read. */
  private final class Inputs {

    private final NDArray like;
    private final ExpertWeights weights;
    private final Dispatch dispatch;
    private final RowKernels.Rows tokens;
    private final Half gateUp;
    private final Shift shift;
    private final Batch batch;

    Inputs(TensorScope work, NDArray h, ExpertWeights weights, Dispatch dispatch) {
      Factor factor = factor(work, h);
      this.like = h;
      this.weights = weights;
      this.dispatch = dispatch;
      this.tokens = kernels.rows().rows(work, h, dispatch.rows(), null);
      this.gateUp = half(work, weights.gateUp());
      this.shift =
          new Shift(
              work.address(factor.shift),
              work.address(work.run("gram.product_factors", factor.shift, gateUp.shift)));
      this.batch = new Batch(work, h, dispatch, weights, gateUp);
    }

    Read activations(TensorScope own, int e) {
      Slice slice = Slice.of(dispatch, weights, e);
      NDArray all = own.run("tensor.room", like, slice.count(), weights.down().getShape().get(2));
      HessianKernels.Size size = HessianKernels.Size.of(own, like, slice.count());
      for (Slice part : slice.parts()) {
        batch.multiply(own, tokens, 0, part, gateUp, e, shift);
        activate(own, part.count(), all, part.from - slice.from, size);
      }
      return new Read(all, size);
    }

    private void activate(
        TensorScope own, long count, NDArray all, long first, HessianKernels.Size size) {
      if (weights.activation() == Activation.SWIGLU) {
        kernels.swiglu(own, batch.products, count, all, first, size);
        return;
      }
      try (TensorScope work = own.child("rows")) {
        NDArray out = work.run("tensor.slice", batch.products, 0, count);
        int number = weights.activation().number();
        NDArray activation = work.run("feed_forward.activate", out, number);
        work.runInPlace("tensor.place_rows", all, first, activation);
        kernels.measure(work, all, first, first + count, size);
      }
    }
  }

  /** What {@code experts.add_outputs_of} adds. */
  void addOutputs(
      TensorScope scope,
      NDArray y,
      ExpertActivations.Kept kept,
      ExpertWeights weights,
      Dispatch dispatch) {
    try (TensorScope work = scope.child("outputs")) {
      Outputs outputs = new Outputs(work, y, weights, dispatch);
      Shift shifts = outputs.shifts(work, kept.largest(work, y));
      for (int e = 0; e < weights.count(); e++) {
        outputs.add(work, e, kept.read().get(e), shifts.of(e));
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
          (own, e, read) ->
              outputs.add(own, e, read.rows, outputs.shifts(own, read.size.largest())));
    }
  }

  /**
   * Where the power of two is that brings rows into range, and what takes it back from their
   * products.
   */
  private record Shift(long by, long factors) {

    /** That of an element where they lie one after the other. */
    Shift of(int element) {
      return new Shift(by + (long) element * Float.BYTES, factors + element * 2L * Float.BYTES);
    }
  }

  /** Where the outputs of experts go. */
  private final class Outputs {

    private final ExpertWeights weights;
    private final Dispatch dispatch;
    private final Half down;
    private final long y;
    private final long rows;
    private final long scores;
    private final Batch batch;

    Outputs(TensorScope work, NDArray y, ExpertWeights weights, Dispatch dispatch) {
      this.weights = weights;
      this.dispatch = dispatch;
      this.down = half(work, weights.down());
      this.y = work.address(y);
      this.rows = work.address(dispatch.rows());
      this.scores = work.address(dispatch.weights());
      this.batch = new Batch(work, y, dispatch, weights, down);
    }

    // Depends on nothing but the expert's own activations.
    Shift shifts(TensorScope work, NDArray largest) {
      NDArray by = work.run("gram.plain_shift", largest);
      NDArray factors = work.run("gram.product_factors", by, down.shift);
      return new Shift(work.address(by), work.address(factors));
    }

    void add(TensorScope scope, int e, NDArray read, Shift shift) {
      Slice own = Slice.of(dispatch, weights, e);
      if (own.count() == 0) {
        return;
      }
      RowKernels.Rows activations = kernels.rows().rows(scope, read, null, null);
      for (Slice part : own.parts()) {
        batch.multiply(scope, activations, own.from, part, down, e, shift);
        kernels.addWeighted(scope, y, batch.products, part.count(), rows, scores, part.from);
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
  private record Half(NDArray weights, NDArray shift, int outputs) {

    int inputs() {
      return Math.toIntExact(weights.getShape().get(1));
    }
  }

  private static Factor factor(TensorScope work, NDArray x) {
    NDArray largest = work.run("tensor.largest", x, work.run("tensor.zeros", x, 1));
    return new Factor(x, work.run("gram.plain_shift", largest));
  }

  private Half half(TensorScope work, NDArray weights) {
    int outputs = Math.toIntExact(weights.getShape().get(1));
    long count = weights.getShape().get(0) * outputs;
    long[] flat = {count, weights.getShape().get(2)};
    Factor factor = factor(work, work.run("tensor.reshape", weights, flat));
    RowKernels.Rows rows = kernels.rows().rows(work, factor.rows, null, null);
    NDArray rounded =
        work.run("gram.room", weights, count, rows.width(), TorchDtype.FLOAT16.number());
    rows.scaled(0, 0, count, 1, work.address(factor.shift), work.address(rounded), false);
    return new Half(rounded, factor.shift, outputs);
  }
}
