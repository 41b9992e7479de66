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
    return HessianKernels.reads(x) ? HessianKernels.of(scope) : Optional.empty();
  }

  /** Rows {@code start..end-1} as kernels scale them, [n, K]. */
  NDArray scaled(
      TensorScope work,
      HessianKernels kernels,
      NDArray x,
      NDArray index,
      NDArray weights,
      long begin,
      long start,
      long end,
      double power,
      NDArray shift) {
    NDArray rows = work.run("hessian.room", x, end - start, x.getShape().get(1), dtype());
    kernels.scaledRows(work, x, index, weights, begin, start, end, power, shift, rows, bfloat16);
    return rows;
  }

  /**
   * Gives rows {@code start..end-1} of an element, [n, K] in {@link #dtype}, times {@code shift}.
   */
  interface Rows {
    NDArray of(TensorScope scope, int element, NDArray shift, long start, long end);
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
      Shift shift = new Shift(work, largest, weights, power);
      long address = work.address(hessians);
      for (int element = 0; element < count; element++) {
        long first = slice.offsets[slice.from + element];
        long last = slice.offsets[slice.from + element + 1];
        long at = address + element * width * width * Float.BYTES;
        int own = element;
        add(
            work,
            at,
            width,
            first,
            last,
            shift,
            (part, by, start, end) -> rows.of(part, own, by, start, end));
      }
    }
    return hessians;
  }

  /**
   * Adds the rows of one expert to its Hessian.
   *
   * @param hessians float32 [C, K, K]
   * @param largest largest absolute value of the rows, [1]
   * @param most what the heaviest of all rows counts, [1]
   */
  void addExpert(
      NDArray hessians, int element, NDArray largest, NDArray most, Slice slice, Rows rows) {
    try (TensorScope work = scope.child("gram")) {
      Shift shift = new Shift(work, largest, most, 1);
      long width = hessians.getShape().get(1);
      add(
          work,
          work.address(hessians) + element * width * width * Float.BYTES,
          width,
          slice.offsets[slice.from + element],
          slice.offsets[slice.from + element + 1],
          shift,
          (part, by, start, end) -> rows.of(part, element, by, start, end));
    }
  }

  /** Adds rows [n, K], each counting {@code weights}, to {@code hessian [K, K]}. */
  void add(NDArray hessian, NDArray given, NDArray weighing) {
    try (TensorScope work = scope.child("gram")) {
      NDArray all = work.run("tensor.contiguous", given);
      NDArray weights = work.run("tensor.contiguous", weighing);
      NDArray largest = work.run("tensor.largest", all, work.run("tensor.zeros", all, 1));
      Shift shift = new Shift(work, largest, weights, 1);
      add(
          work,
          work.address(hessian),
          all.getShape().get(1),
          0,
          all.getShape().get(0),
          shift,
          (rows, by, start, end) ->
              kernels(all)
                  .map(kernels -> scaled(rows, kernels, all, null, weights, 0, start, end, 1, by))
                  .orElseGet(
                      () ->
                          rows.run("hessian.scaled_rows", all, weights, start, end, by, dtype())));
    }
  }

  /** What rows are multiplied with, and where what takes it back from their products lies. */
  private final class Shift {

    private final NDArray by;
    private final long factors;

    Shift(TensorScope work, NDArray largest, NDArray weights, double power) {
      by = work.run("hessian.shift", largest, weights, power, dtype());
      factors = work.address(work.run("hessian.factors", by));
    }
  }

  private interface Part {
    NDArray of(TensorScope scope, NDArray shift, long start, long end);
  }

  private void add(
      TensorScope parent, long hessian, long width, long first, long last, Shift shift, Part part) {
    long most = Math.max(Dispatch.ROWS, MOST_NUMBERS / width);
    for (long start = first; start < last; start += most) {
      long end = Math.min(last, start + most);
      try (TensorScope work = parent.child("rows")) {
        long address = work.address(part.of(work, shift.by, start, end));
        int count = (int) (end - start);
        blas.addGram(new Blas.Rows(address, bfloat16, count, (int) width, shift.factors), hessian);
      }
    }
  }
}
