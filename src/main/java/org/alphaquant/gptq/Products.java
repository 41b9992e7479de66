package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.SPREAD;
import static org.alphaquant.gptq.SolverKernels.TILE;
import static org.alphaquant.gptq.Transposed.batch;
import static org.alphaquant.gptq.Transposed.inputs;
import static org.alphaquant.gptq.Transposed.rows;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.cuda.Blas;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * Products of a batch of matrices, which take the sweeps' moves from what is still to come.
 *
 * @param reduced whether they are multiplied in TF32, on tensor cores
 * @param blas what multiplies large ones so
 */
record Products(CudaModule module, boolean reduced, Optional<Blas> blas) {

  /** Bytes of the slices of both factors that are on their way to the tensor cores. */
  static final int SLICES = 2 * 4 * 16 * (TILE + 8) * Float.BYTES;

  // A library is faster from so many outputs on, and so many inputs on either side.
  private static final int LARGE_OUTPUTS = 1024;
  private static final int LARGE_INPUTS = 256;

  // So many blocks of threads give a GPU enough to do.
  private static final int ENOUGH_BLOCKS = 96;

  /**
   * -M X of a batch, M [B, K, K] symmetric, or fewer that several have in common, and X [B, K, R],
   * in one launch: of few outputs a library takes as long for each element.
   */
  NDArray negativeProduct(TensorScope scope, NDArray matrix, NDArray x) {
    NDArray product = scope.run("fused.zeros", x);
    spread(scope, product, matrix, x).over(0, 0, inputs(x), 0, inputs(x));
    return product;
  }

  /**
   * What moves take from an array.
   *
   * @param rest [B, K, R]
   * @param matrix [B, K, K], or fewer that several have in common
   * @param moves [B, most, R]
   */
  Spread spread(TensorScope scope, NDArray rest, NDArray matrix, NDArray moves) {
    boolean large = reduced && blas.isPresent() && rows(rest) >= LARGE_OUTPUTS;
    return new Spread(
        this,
        scope.address(rest),
        scope.address(matrix),
        scope.address(moves),
        rest,
        inputs(moves),
        batch(matrix),
        large ? scope.address(scope.run("fused.subtracting", rest)) : 0);
  }

  /** tr E H Eᵀ of each element, of the errors E and -H E [B, K, R]. */
  NDArray traces(TensorScope scope, NDArray errors, NDArray negativeProduct) {
    NDArray traces = scope.run("tensor.zeros", errors, batch(errors));
    module.launch(
        "negative_traces",
        new Blocks(batch(errors), 1, 1),
        Threads.of(1024),
        new KernelArguments()
            .add(scope.address(errors))
            .add(scope.address(negativeProduct))
            .add(scope.address(traces))
            .add((long) inputs(errors) * rows(errors)));
    return traces;
  }

  /**
   * What moves of some inputs take from rows of an array [B, K, R], by a matrix [B, K, K].
   *
   * @param factors where -1 and 1 are, for a library; 0 where none is used
   */
  record Spread(
      Products products,
      long rest,
      long matrix,
      long moves,
      NDArray shape,
      int most,
      int matrices,
      long factors) {

    /** The same of moves [B, most, R]. */
    Spread withMost(int most) {
      return new Spread(products, rest, matrix, moves, shape, most, matrices, factors);
    }

    /** Whether what all inputs before some have moved is enough to do for these alone. */
    boolean gathers() {
      return Blocks.of(rows(shape), TILE) * (SPREAD / TILE) * batch(shape) >= ENOUGH_BLOCKS;
    }

    /** Moves {@code at..at+count-1}, of inputs from {@code first} on, over rows from..to-1. */
    void over(int at, int first, int count, int from, int to) {
      if (to <= from || count == 0) {
        return;
      }
      if (factors != 0 && count >= LARGE_INPUTS && to - from >= LARGE_INPUTS) {
        byLibrary(at, first, count, from, to);
        return;
      }
      boolean fours = (inputs(shape) | rows(shape) | from | to) % 4 == 0;
      String wide = rows(shape) <= TILE / 2 ? "update_tf32_narrow" : "update_tf32_wide";
      String kernel = products.reduced ? fours ? wide : "update_tf32" : "update";
      launch(kernel, rows(shape), at, first, count, from, to, 0);
    }

    private void byLibrary(int at, int first, int count, int from, int to) {
      long k = inputs(shape);
      long r = rows(shape);
      products
          .blas
          .orElseThrow()
          .addProducts(
              new Blas.Matrices(matrix + Float.BYTES * (first * k + from), (int) k, k * k),
              new Blas.Matrices(moves + Float.BYTES * at * r, (int) r, most * r),
              new Blas.Matrices(rest + Float.BYTES * from * r, (int) r, k * r),
              to - from,
              count,
              (int) r,
              batch(shape),
              factors);
    }

    /**
     * Where rest, matrix and moves are one array of matrices that are factored: takes what inputs
     * first..last-1 have in common with inputs from..to-1 and those before them from these.
     *
     * @param by where the powers of two are that bring each matrix's factors into float16's range
     */
    void subtractShared(int first, int last, int from, int to, long by) {
      if (to > from && last > first) {
        boolean split = products.reduced && (inputs(shape) | from | to) % 4 == 0;
        launch(
            split ? "update_split_wide" : "update", to, first, first, last - first, from, to, by);
      }
    }

    private void launch(
        String kernel, int columns, int at, int first, int count, int from, int to, long by) {
      products.module.launch(
          kernel,
          new Blocks(Blocks.of(columns, TILE), Blocks.of(to - from, TILE), batch(shape)),
          kernel.equals("update") ? Threads.of(256) : new Threads(128, 1, SLICES),
          new KernelArguments()
              .add(rest)
              .add(matrix)
              .add(moves)
              .add(inputs(shape))
              .add(rows(shape))
              .add(most)
              .add(at)
              .add(first)
              .add(count)
              .add(from)
              .add(to)
              .add(matrices)
              .addUnlessNone(kernel.equals("update_split_wide") ? by : 0));
    }
  }
}
