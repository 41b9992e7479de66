package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Optional;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.CudaSource;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * The kernels of {@code resources/cuda/hessian.cu}, which take the place of functions of {@code
 * torchscript/gram.py}, {@code moments.py} and {@code shrinkage.py} on a GPU. Arrays are
 * contiguous.
 */
record HessianKernels(CudaModule module) {

  private static final CudaSource SOURCE = CudaSource.of("hessian.cu");
  private static final int THREADS = 256;
  private static final int WARP = 32;
  // Sums of a Hessian are put together from those of so many blocks, however many Hessians there
  // are.
  private static final int PARTS = 64;

  /** Those of the scope's device; empty where there is no GPU. */
  static Optional<HessianKernels> of(TensorScope scope) {
    return scope.cuda().map(device -> new HessianKernels(device.module(SOURCE, List.of())));
  }

  /** The same, also empty where an array is of a type that they do not read. */
  static Optional<HessianKernels> of(TensorScope scope, NDArray read) {
    return read.getDataType() == DataType.FLOAT32 ? of(scope) : Optional.empty();
  }

  /**
   * Where rows lie.
   *
   * @param x address of float32 [T, K]
   * @param index address of int64 numbers of rows, or 0
   * @param weights address of what they count, or 0
   * @param width K
   */
  record Rows(CudaModule module, long x, long index, long weights, int width) {

    /**
     * Rows {@code start..end-1} as {@code gram.scaled} gives them: those that the index names, or
     * without one those that begin with row {@code begin}; without weights they are but shifted.
     *
     * @param shift address of the shift
     * @param into 16 bits [end - start, K]
     */
    void scaled(
        TensorScope scope,
        long begin,
        long start,
        long end,
        double power,
        long shift,
        NDArray into,
        boolean bfloat16) {
      module.launch(
          "scaled_rows",
          new Blocks(end - start, 1, 1),
          Threads.of(THREADS),
          new KernelArguments()
              .add(x)
              .add(index)
              .add(weights)
              .add(shift)
              .add(scope.address(into))
              .add(width)
              .add(start)
              .add(begin)
              .add((float) power)
              .add(bfloat16 ? 1 : 0));
    }
  }

  /**
   * Rows to scale.
   *
   * @param x float32 [T, K]
   * @param index int64; null for rows as they lie
   * @param weights of the rows; null for rows that are but shifted
   */
  Rows rows(TensorScope scope, NDArray x, NDArray index, NDArray weights) {
    return new Rows(
        module,
        scope.address(x),
        index == null ? 0 : scope.address(index),
        weights == null ? 0 : scope.address(weights),
        Math.toIntExact(x.getShape().get(1)));
  }

  /**
   * Adds rows to those of {@code y [T, K]} that {@code index} names, each times its weight.
   *
   * @param y address of it
   * @param out float32 [n, K], of which the first row is number {@code start} of index and weights
   * @param index address of them
   * @param weights address of these
   */
  void addWeighted(TensorScope scope, long y, NDArray out, long index, long weights, long start) {
    module.launch(
        "add_weighted",
        new Blocks(out.getShape().get(0), 1, 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(y)
            .add(scope.address(out))
            .add(index)
            .add(weights)
            .add(Math.toIntExact(out.getShape().get(1)))
            .add(start));
  }

  /** |x|² of every row of some arrays [n, K], one array after the other, float64. */
  NDArray rowSquares(TensorScope scope, NDList arrays) {
    long all = arrays.stream().mapToLong(x -> x.getShape().get(0)).sum();
    NDArray squares = scope.run("tensor.room_double", arrays.get(0), all);
    long first = 0;
    for (NDArray x : arrays) {
      long rows = x.getShape().get(0);
      if (rows > 0) {
        module.launch(
            "row_squares",
            new Blocks(Blocks.of(rows * WARP, THREADS), 1, 1),
            Threads.of(THREADS),
            new KernelArguments()
                .add(scope.address(x))
                .add(scope.address(squares))
                .add(Math.toIntExact(x.getShape().get(1)))
                .add(rows)
                .add(first));
      }
      first += rows;
    }
    return squares;
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
      module.launch(
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
      module.launch(
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
