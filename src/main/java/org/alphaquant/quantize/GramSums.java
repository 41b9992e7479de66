package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.cuda.Blas;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * Hessians summed in float32 of rows in 16 bits, on a GPU where products are rounded. The rows
 * carry the root of their weight, so that a Hessian is the Gram matrix of its rows. Rows are
 * float16 where TF32 was asked for: both keep ten bits after the leading one, and a power of two
 * brings the rows into float16's range; on tensor cores they take a fraction of TF32's time.
 */
final class GramSums {

  // Of rows that are scaled at once.
  private static final long MOST_NUMBERS = 1L << 27;

  private final TensorScope scope;
  private final Blas blas;
  private final boolean bfloat16;

  private GramSums(TensorScope scope, Blas blas) {
    this.scope = scope;
    this.blas = blas;
    this.bfloat16 = scope.productDtype() == TorchDtype.BFLOAT16;
  }

  /** Owning what it returns in {@code scope}; empty where products are float32. */
  static Optional<GramSums> of(TensorScope scope) {
    return scope.rounds()
        ? scope.cuda().flatMap(device -> device.blas()).map(blas -> new GramSums(scope, blas))
        : Optional.empty();
  }

  /** Number of the type of rows. */
  int dtype() {
    return (bfloat16 ? TorchDtype.BFLOAT16 : TorchDtype.FLOAT16).number();
  }

  /** What scales rows of an array; empty where scripts do. */
  Optional<HessianKernels> kernels(NDArray x) {
    return HessianKernels.of(scope, x);
  }

  /** Rows of an array that kernels scale, where they and what they count lie. */
  final class Scaled {

    private final NDArray like;
    private final HessianKernels.Rows rows;
    private final double power;

    /**
     * @param x float32 [T, K]
     * @param index which rows of it, int64; null for those that begin with row {@code begin}
     * @param weights what they count, to the power {@code power}
     */
    Scaled(HessianKernels kernels, NDArray x, NDArray index, NDArray weights, double power) {
      this.like = x;
      this.power = power;
      this.rows = kernels.rows(scope, x, index, weights);
    }

    /** Rows {@code start..end-1} in 16 bits, [n, K]. */
    NDArray of(TensorScope work, long begin, long start, long end, Shift shift) {
      NDArray scaled = work.run("gram.room", like, end - start, rows.width(), dtype());
      rows.scaled(work, begin, start, end, power, shift.address(), scaled, bfloat16);
      return scaled;
    }
  }

  /** Gives rows {@code start..end-1}, [n, K] in {@link #dtype}, times a shift. */
  interface Rows {
    NDArray of(TensorScope scope, int element, Shift shift, long start, long end);
  }

  /** Where the rows of an element are: those of experts from {@code from} on. */
  record Slice(long[] offsets, int from) {}

  /**
   * The Hessians of {@code count} elements of width K, float32 [count, K, K].
   *
   * @param largest largest absolute value of the rows, [1]
   * @param weights what they count, to the power {@code power}
   */
  NDArray ofExperts(
      int count,
      long width,
      NDArray largest,
      NDArray weights,
      double power,
      Slice slice,
      Rows rows) {
    NDArray hessians = scope.run("hessian.zeros", largest, count, width);
    try (TensorScope work = scope.child("grams")) {
      Shift shift = new Shifts(work, largest, weights, power).of(0);
      long address = work.address(hessians);
      for (int element = 0; element < count; element++) {
        addElement(work, address, width, element, shift, slice, rows);
      }
    }
    return hessians;
  }

  /**
   * Adds the rows of one expert to its Hessian.
   *
   * @param hessians float32 [C, K, K]
   */
  void addExpert(NDArray hessians, int element, Shift shift, Slice slice, Rows rows) {
    long width = hessians.getShape().get(1);
    addElement(scope, scope.address(hessians), width, element, shift, slice, rows);
  }

  private void addElement(
      TensorScope work,
      long hessians,
      long width,
      int element,
      Shift shift,
      Slice slice,
      Rows rows) {
    add(
        work,
        hessians + element * width * width * Float.BYTES,
        width,
        slice.offsets[slice.from + element],
        slice.offsets[slice.from + element + 1],
        shift,
        (part, start, end) -> rows.of(part, element, shift, start, end));
  }

  /** Adds rows [n, K], each counting {@code weights}, to {@code hessian [K, K]}. */
  void add(NDArray hessian, NDArray given, NDArray weighing) {
    try (TensorScope work = scope.child("gram")) {
      NDArray all = work.run("tensor.contiguous", given);
      NDArray weights = work.run("tensor.contiguous", weighing);
      NDArray largest = work.run("tensor.largest", all, work.run("tensor.zeros", all, 1));
      Shift shift = new Shifts(work, largest, weights, 1).of(0);
      Optional<Scaled> scaled =
          kernels(all).map(kernels -> new Scaled(kernels, all, null, weights, 1));
      add(
          work,
          work.address(hessian),
          all.getShape().get(1),
          0,
          all.getShape().get(0),
          shift,
          (part, start, end) ->
              scaled.isPresent()
                  ? scaled.get().of(part, 0, start, end, shift)
                  : part.run(
                      "gram.scaled_rows", all, weights, start, end, shift.array(part), dtype()));
    }
  }

  /** What the rows of some elements are multiplied with. */
  final class Shifts {

    private final NDArray by;
    private final long address;
    private final long factors;

    /**
     * @param largest largest absolute value of the rows of each, [n]
     * @param weights what all rows count, to the power {@code power}
     */
    Shifts(TensorScope work, NDArray largest, NDArray weights, double power) {
      by = work.run("gram.shift", largest, weights, power, dtype());
      address = work.address(by);
      factors = work.address(work.run("gram.factors", by));
    }

    Shift of(int element) {
      return new Shift(
          by,
          element,
          address + (long) element * Float.BYTES,
          factors + element * 2L * Float.BYTES);
    }
  }

  /**
   * What rows are multiplied with.
   *
   * @param address where that is
   * @param factors where what takes it back from their products is
   */
  record Shift(NDArray all, int element, long address, long factors) {

    /** As scripts take it, [1]. */
    NDArray array(TensorScope scope) {
      return scope.run("tensor.slice", all, element, element + 1);
    }
  }

  private interface Part {
    NDArray of(TensorScope scope, long start, long end);
  }

  private void add(
      TensorScope parent, long hessian, long width, long first, long last, Shift shift, Part part) {
    long most = Math.max(Dispatch.ROWS, MOST_NUMBERS / width);
    for (long start = first; start < last; start += most) {
      long end = Math.min(last, start + most);
      try (TensorScope work = parent.child("rows")) {
        long address = work.address(part.of(work, start, end));
        int count = (int) (end - start);
        blas.addGram(
            new Blas.Rows(address, bfloat16, count, (int) width, shift.factors()), hessian);
      }
    }
  }
}
