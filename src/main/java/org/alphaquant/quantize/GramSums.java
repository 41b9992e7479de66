package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.alphaquant.cuda.Blas;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.torch.RowKernels;
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
  // Bytes of a number of 16 bits.
  private static final long HALF = 2;
  private static final int PANEL = 1024;

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
  Optional<RowKernels> kernels(NDArray x) {
    return RowKernels.of(scope, x);
  }

  /** Rows of an array that kernels scale, where they and what they count lie. */
  final class Scaled {

    private final NDArray like;
    private final RowKernels.Rows rows;
    private final double power;

    /**
     * @param x float32 [T, K]
     * @param index which rows of it, int64; null for those that begin with row {@code begin}
     * @param weights what they count, to the power {@code power}
     */
    Scaled(RowKernels kernels, NDArray x, NDArray index, NDArray weights, double power) {
      this.like = x;
      this.power = power;
      this.rows = kernels.rows(scope, x, index, weights);
    }

    /** Rows {@code start..end-1} in 16 bits, [n, K]. */
    NDArray of(TensorScope work, long begin, long start, long end, Shift shift) {
      NDArray scaled = work.run("gram.room", like, end - start, rows.width(), dtype());
      long into = work.address(scaled);
      rows.scaled(begin, start, end, power, shift.address(), into, bfloat16);
      return scaled;
    }
  }

  /** Gives rows {@code start..end-1}, [n, K] in {@link #dtype}, times their shift. */
  interface Rows {
    NDArray of(TensorScope scope, long start, long end);
  }

  /** Where the rows of an element are: those of experts from {@code from} on. */
  record Slice(long[] offsets, int from) {

    long begin(int element) {
      return offsets[from + element];
    }

    long end(int element) {
      return begin(element + 1);
    }

    // The end of the last element that begins and ends within `most` rows, else that of these rows.
    private long batchEnd(long start, int count, long most) {
      long end = Math.min(begin(count), start + most);
      return IntStream.range(0, count)
          .mapToLong(this::end)
          .filter(it -> it > start && it <= end)
          .max()
          .orElse(end);
    }
  }

  /**
   * The Hessians of {@code count} elements of width K, float32 [count, K, K].
   *
   * @param largest largest absolute value of the rows, [1]
   * @param weights what they count, to the power {@code power}
   * @param rows gives those of all elements for a shift
   */
  NDArray ofExperts(
      int count,
      int width,
      NDArray largest,
      NDArray weights,
      double power,
      Slice slice,
      Function<Shift, Rows> rows) {
    NDArray hessians = scope.run("hessian.zeros", largest, count, width);
    try (TensorScope work = scope.child("grams")) {
      Shift shift = new Shifts(work, largest, weights, power).of(0);
      addExperts(hessians, slice, element -> shift, rows.apply(shift));
    }
    return hessians;
  }

  /**
   * Adds the rows of experts to their Hessians, as many rows at once as there is room for.
   *
   * @param hessians float32 [C, K, K]
   * @param rows gives those of all of them
   */
  void addExperts(NDArray hessians, Slice slice, IntFunction<Shift> shifts, Rows rows) {
    int count = Math.toIntExact(hessians.getShape().get(0));
    int width = Math.toIntExact(hessians.getShape().get(1));
    long address = scope.address(hessians);
    for (long start = slice.begin(0), end; start < slice.begin(count); start = end) {
      end = slice.batchEnd(start, count, most(width));
      try (TensorScope work = scope.child("rows")) {
        long scaled = work.address(rows.of(work, start, end));
        for (int element = 0; element < count; element++) {
          long from = Math.max(start, slice.begin(element));
          long own = Math.min(end, slice.end(element)) - from;
          if (own > 0) {
            long sum = address + (long) element * width * width * Float.BYTES;
            long at = scaled + (from - start) * width * HALF;
            addGram(at, own, width, shifts.apply(element), sum);
          }
        }
      }
    }
    mirror(address, count, width);
  }

  private static long most(int width) {
    return Math.max(Dispatch.ROWS, MOST_NUMBERS / width);
  }

  /**
   * Adds the rows of one expert to its Hessian.
   *
   * @param hessians float32 [C, K, K]
   */
  void addExpert(NDArray hessians, int element, Shift shift, Slice slice, Rows rows) {
    int width = Math.toIntExact(hessians.getShape().get(1));
    long sum = scope.address(hessians) + (long) element * width * width * Float.BYTES;
    Sum own = new Sum(sum, 0, List.of());
    add(scope, own, width, slice.begin(element), slice.end(element), shift, rows);
  }

  /**
   * Adds rows [n, K], each counting {@code weights}, to {@code hessian [K, K]}.
   *
   * @param heldOut what some of the rows are added to as well, [K, K]; null where none are
   * @param held which
   */
  void add(
      NDArray hessian, NDArray given, NDArray weighing, NDArray heldOut, List<HeldOut.Run> held) {
    try (TensorScope work = scope.child("gram")) {
      NDArray all = work.run("tensor.contiguous", given);
      NDArray weights = work.run("tensor.contiguous", weighing);
      Optional<RowKernels> kernels = kernels(all);
      Shift shift =
          kernels
              .map(own -> shift(work, own, all, weights))
              .orElseGet(() -> shiftByScript(work, all, weights));
      Optional<Scaled> scaled = kernels.map(own -> new Scaled(own, all, null, weights, 1));
      add(
          work,
          new Sum(work.address(hessian), heldOut == null ? 0 : work.address(heldOut), held),
          Math.toIntExact(all.getShape().get(1)),
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

  private Shift shift(TensorScope work, RowKernels kernels, NDArray all, NDArray weights) {
    RowKernels.Shift found = kernels.gram(work, all, weights, bfloat16);
    return new Shift(found.array(), 0, found.address(), found.factors());
  }

  private Shift shiftByScript(TensorScope work, NDArray all, NDArray weights) {
    NDArray largest = work.run("tensor.largest", all, work.run("tensor.zeros", all, 1));
    return new Shifts(work, largest, weights, 1).of(0);
  }

  /** Pairs {@code start..end-1} of some experts in 16 bits, [n, K]. */
  NDArray scaled(
      TensorScope work, RowKernels kernels, RowKernels.ExpertRows rows, long start, long end) {
    NDArray scaled = work.run("gram.room", rows.weights(), end - start, rows.width(), dtype());
    kernels.scaled(work, rows, start, end, work.address(scaled), bfloat16);
    return scaled;
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

    NDArray all() {
      return by;
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

  /**
   * Where rows are added.
   *
   * @param hessian address of [K, K]
   * @param heldOut address of the sum of some of them, or 0
   * @param held which
   */
  private record Sum(long hessian, long heldOut, List<HeldOut.Run> held) {}

  private void add(
      TensorScope parent, Sum sum, int width, long first, long last, Shift shift, Rows rows) {
    long most = most(width);
    for (long start = first; start < last; start += most) {
      long end = Math.min(last, start + most);
      try (TensorScope work = parent.child("rows")) {
        long address = work.address(rows.of(work, start, end));
        addGram(address, end - start, width, shift, sum.hessian);
        for (HeldOut.Run run : sum.held) {
          long from = Math.max(start, run.from());
          long count = Math.min(end, run.to()) - from;
          if (count > 0) {
            addGram(address + (from - start) * width * HALF, count, width, shift, sum.heldOut);
          }
        }
      }
    }
    mirror(sum.hessian, 1, width);
    if (!sum.held.isEmpty()) {
      mirror(sum.heldOut, 1, width);
    }
  }

  private void addGram(long address, long count, int width, Shift shift, long sum) {
    Blas.Rows rows = new Blas.Rows(address, bfloat16, (int) count, width, shift.factors());
    int panel = panel(width);
    for (int from = 0; from < width; from += panel) {
      blas.addGram(rows, from, Math.min(width, from + panel), sum);
    }
  }

  // The rows of a block of a Gram matrix, of which those above the diagonal are not computed.
  private static int panel(int width) {
    return width < 2 * PANEL ? width : PANEL;
  }

  private void mirror(long sums, int count, int width) {
    if (panel(width) < width) {
      RowKernels.of(scope).orElseThrow().mirror(sums, count, width, PANEL);
    }
  }
}
