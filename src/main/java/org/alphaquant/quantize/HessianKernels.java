package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Optional;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.RowKernels;
import org.alphaquant.torch.TensorScope;

/**
 * The kernels of {@code resources/cuda/hessian.cu}, which take the place of functions of {@code
 * torchscript/moments.py} and {@code shrinkage.py} on a GPU. Arrays are contiguous.
 */
record HessianKernels(RowKernels rows) {

  private static final int THREADS = 256;
  private static final int WARP = 32;
  // Sums of a Hessian are put together from those of so many blocks, however many Hessians there
  // are.
  private static final int PARTS = 64;

  /** Those of the scope's device; empty where there is no GPU. */
  static Optional<HessianKernels> of(TensorScope scope) {
    return RowKernels.of(scope).map(HessianKernels::new);
  }

  /** The same, also empty where an array is of a type that they do not read. */
  static Optional<HessianKernels> of(TensorScope scope, NDArray read) {
    return read.getDataType() == DataType.FLOAT32 ? of(scope) : Optional.empty();
  }

  /**
   * Adds rows to those of {@code y [T, K]} that {@code index} names, each times its weight.
   *
   * @param y address of it
   * @param out float32 [n, K], of which the first {@code count} rows are added, those from number
   *     {@code start} on of index and weights
   * @param index address of them
   * @param weights address of these
   */
  void addWeighted(
      TensorScope scope, long y, NDArray out, long count, long index, long weights, long start) {
    rows.module()
        .launch(
            "add_weighted",
            new Blocks(count, 1, 1),
            Threads.of(THREADS),
            new KernelArguments()
                .add(y)
                .add(scope.address(out))
                .add(index)
                .add(weights)
                .add(Math.toIntExact(out.getShape().get(1)))
                .add(start));
  }

  /**
   * What some rows are known by.
   *
   * @param squares |x|² of every row, float64
   * @param largest largest absolute number of all, [1]
   */
  record Size(NDArray squares, NDArray largest) {

    /** Of rows still to come. */
    static Size of(TensorScope scope, NDArray like, long rows) {
      return new Size(
          scope.run("tensor.room_double", like, rows), scope.run("tensor.zeros", like, 1));
    }
  }

  /** Of the rows of an array [n, K]. */
  Size size(TensorScope scope, NDArray x) {
    Size size = Size.of(scope, x, x.getShape().get(0));
    measure(scope, x, 0, x.getShape().get(0), size);
    return size;
  }

  /** Rows {@code from..to-1} of x for the same of them. */
  void measure(TensorScope scope, NDArray x, long from, long to, Size size) {
    long width = x.getShape().get(1);
    if (from < to) {
      rows.module()
          .launch(
              "row_squares",
              new Blocks(Blocks.of((to - from) * WARP, THREADS), 1, 1),
              Threads.of(THREADS),
              new KernelArguments()
                  .add(scope.address(x) + from * width * Float.BYTES)
                  .add(scope.address(size.squares))
                  .add(scope.address(size.largest))
                  .add(Math.toIntExact(width))
                  .add(to - from)
                  .add(from));
    }
  }

  /**
   * SwiGLU of rows into those of {@code all} from {@code first} on.
   *
   * @param gateUp float32, of which the first {@code count} rows [2M] are taken
   * @param all float32 [n, M]
   * @param size of all
   */
  void swiglu(TensorScope scope, NDArray gateUp, long count, NDArray all, long first, Size size) {
    int width = Math.toIntExact(all.getShape().get(1));
    rows.module()
        .launch(
            "swiglu_rows",
            new Blocks(count, 1, 1),
            Threads.of(THREADS),
            new KernelArguments()
                .add(scope.address(gateUp))
                .add(scope.address(all) + first * width * Float.BYTES)
                .add(scope.address(size.squares) + first * Double.BYTES)
                .add(scope.address(size.largest))
                .add(width));
  }

  /**
   * {@code moments.all_weight_sums}, [E, 3].
   *
   * @param bounds int64 [E + 1]
   */
  NDArray weightSums(TensorScope scope, NDArray weights, NDArray bounds, double power) {
    long experts = bounds.getShape().get(0) - 1;
    NDArray sums = scope.run("tensor.room_double", weights, experts * 3);
    rows.module()
        .launch(
            "weight_sums",
            new Blocks(experts, 1, 1),
            Threads.of(THREADS),
            new KernelArguments()
                .add(scope.address(weights))
                .add(scope.address(bounds))
                .add(scope.address(sums))
                .add((float) power));
    return scope.run("tensor.reshape", sums, new long[] {experts, 3});
  }

  /**
   * Sums of w² |x|⁴ over the tokens of experts, float64 [C].
   *
   * @param squares |x|² of all tokens where {@code index} names those of experts; without an index
   *     of what these experts read
   * @param bounds int64 [E + 1]
   */
  NDArray fourth(
      TensorScope scope,
      NDArray squares,
      NDArray index,
      NDArray weights,
      NDArray bounds,
      ExpertRange range,
      double power) {
    NDArray sums = scope.run("tensor.room_double", weights, range.count());
    rows.module()
        .launch(
            "fourth_sums",
            new Blocks(range.count(), 1, 1),
            Threads.of(THREADS),
            new KernelArguments()
                .add(scope.address(squares))
                .add(index == null ? 0 : scope.address(index))
                .add(scope.address(weights))
                .add(scope.address(bounds))
                .add(scope.address(sums))
                .add(range.from())
                .add((float) power));
    return sums;
  }

  /**
   * {@code shrinkage.by_noise}.
   *
   * @param hessians float32 [C, K, K], changed in place
   * @param sums float64 [E, 3] of all experts, of which the Hessians are those from {@code first}
   *     on
   * @return what part of each is the layer's mean then, [C]
   */
  NDArray shrinkByNoise(
      TensorScope parent, NDArray hessians, NDArray mean, NDArray sums, int first, NDArray fourth) {
    try (TensorScope scope = parent.child("noise")) {
      long count = hessians.getShape().get(0);
      long size = hessians.getShape().get(1) * hessians.getShape().get(2);
      NDArray target = scope.run("shrinkage.noise_target", mean, sums);
      NDArray parts = scope.run("tensor.room_double", mean, count * PARTS * 2);
      rows.module()
          .launch(
              "distances",
              new Blocks(PARTS, count, 1),
              Threads.of(THREADS),
              new KernelArguments()
                  .add(scope.address(hessians))
                  .add(scope.address(target))
                  .add(scope.address(sums) + first * 3L * Double.BYTES)
                  .add(scope.address(parts))
                  .add(size));
      NDArray distances = scope.run("tensor.reshape", parts, new long[] {count, PARTS, 2});
      NDArray shares = scope.run("shrinkage.shares_by_noise", distances, sums, first, fourth);
      rows.module()
          .launch(
              "add_mean",
              new Blocks(Blocks.of(size, THREADS), count, 1),
              Threads.of(THREADS),
              new KernelArguments()
                  .add(scope.address(hessians))
                  .add(scope.address(mean))
                  .add(scope.address(shares) + count * Float.BYTES)
                  .add(size));
      return scope.keep(parent, scope.run("tensor.element", shares, 0));
    }
  }
}
