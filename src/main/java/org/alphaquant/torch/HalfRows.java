package org.alphaquant.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.Optional;
import org.alphaquant.cuda.Blas;

/**
 * Rows in float16 that linears multiply, with float32 sums and results, where TF32 was asked for:
 * both keep ten bits after the leading one, and powers of two bring the factors into float16's
 * range. On tensor cores that takes half of TF32's time.
 */
public final class HalfRows {

  // Fewer rows or outputs take less time than rounding them.
  private static final long FEWEST = 512;
  // What more would take is room that nobody has planned for.
  private static final long MOST = 1 << 16;

  private final Blas blas;
  private final RowKernels kernels;
  private final NDArray rows;
  private final RowKernels.Shift shift;

  private HalfRows(TensorScope scope, Blas blas, RowKernels kernels, NDArray x) {
    this.blas = blas;
    this.kernels = kernels;
    boolean half = x.getDataType() == DataType.FLOAT16;
    this.shift = half ? none(scope, x) : kernels.left(scope, x);
    this.rows = half ? x : rounded(scope, x, shift);
  }

  /** Those of x [n, in], owned by {@code scope}; empty where it multiplies in another way. */
  public static Optional<HalfRows> of(TensorScope scope, NDArray x) {
    if (scope.records()
        || scope.attentionDtype() != TorchDtype.FLOAT16
        || RowKernels.of(scope, x).isEmpty()
        || x.getShape().dimension() != 2
        || x.getShape().get(0) < FEWEST
        || x.getShape().get(0) > MOST) {
      return Optional.empty();
    }
    return scope
        .cuda()
        .flatMap(device -> device.blas())
        .flatMap(
            blas ->
                RowKernels.of(scope)
                    .map(own -> new HalfRows(scope, blas, own, scope.run("tensor.contiguous", x))));
  }

  /** Whether a linear [out, in] has so many outputs that it is worth the while. */
  public static boolean suits(NDArray weight) {
    return weight.getShape().get(0) >= FEWEST && weight.getDataType() == DataType.FLOAT32;
  }

  /** x Wᵀ, float32 [n, out]. */
  public NDArray times(TensorScope scope, NDArray weight) {
    try (TensorScope work = scope.child("product")) {
      NDArray matrix = work.run("tensor.contiguous", weight);
      RowKernels.Shift own = kernels.right(work, matrix, shift);
      NDArray half = rounded(work, matrix, own);
      int count = Math.toIntExact(rows.getShape().get(0));
      int inputs = Math.toIntExact(rows.getShape().get(1));
      int outputs = Math.toIntExact(half.getShape().get(0));
      NDArray out = work.run("tensor.room", rows, count, outputs);
      blas.multiply(
          new Blas.Rows(work.address(rows), false, count, inputs, own.factors()),
          work.address(half),
          outputs,
          work.address(out));
      return work.keep(scope, out);
    }
  }

  private static RowKernels.Shift none(TensorScope scope, NDArray x) {
    NDArray ones = scope.run("tensor.ones_per_row", x);
    return new RowKernels.Shift(ones, scope.address(ones));
  }

  private NDArray rounded(TensorScope scope, NDArray x, RowKernels.Shift by) {
    long count = x.getShape().get(0);
    RowKernels.Rows all = kernels.rows(scope, x, null, null);
    NDArray half = scope.run("gram.room", x, count, all.width(), TorchDtype.FLOAT16.number());
    all.scaled(0, 0, count, 1, by.address(), scope.address(half), false);
    return half;
  }
}
