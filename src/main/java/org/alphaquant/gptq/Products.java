package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.TILE;
import static org.alphaquant.gptq.Transposed.batch;
import static org.alphaquant.gptq.Transposed.inputs;
import static org.alphaquant.gptq.Transposed.rows;

import ai.djl.ndarray.NDArray;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * Products of a batch of matrices, which take the sweeps' moves from what is still to come.
 *
 * @param reduced whether they are multiplied in TF32, on tensor cores
 */
record Products(CudaModule module, boolean reduced) {

  /** Bytes of the slices of both factors that are on their way to the tensor cores. */
  static final int SLICES = 2 * 4 * 16 * (TILE + 8) * Float.BYTES;

  /**
   * -M X of a batch, M [B, K, K] symmetric and X [B, K, R], in one launch: of few outputs a library
   * takes as long for each element.
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
   * @param matrix [B, K, K]
   * @param moves [B, most, R]
   */
  Spread spread(TensorScope scope, NDArray rest, NDArray matrix, NDArray moves) {
    return new Spread(
        this,
        scope.address(rest),
        scope.address(matrix),
        scope.address(moves),
        rest,
        inputs(moves));
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

  /** What moves of some inputs take from rows of an array [B, K, R], by a matrix [B, K, K]. */
  record Spread(Products products, long rest, long matrix, long moves, NDArray shape, int most) {

    /** The same of moves [B, most, R]. */
    Spread withMost(int most) {
      return new Spread(products, rest, matrix, moves, shape, most);
    }

    /** Moves {@code at..at+count-1}, of inputs from {@code first} on, over rows from..to-1. */
    void over(int at, int first, int count, int from, int to) {
      if (to > from) {
        products.module.launch(
            kernel(from, to),
            new Blocks(Blocks.of(rows(shape), TILE), Blocks.of(to - from, TILE), batch(shape)),
            products.reduced ? new Threads(128, 1, SLICES) : Threads.of(256),
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
                .add(to));
      }
    }

    private String kernel(int from, int to) {
      boolean fours = (inputs(shape) | rows(shape) | from | to) % 4 == 0;
      return products.reduced ? fours ? "update_tf32_wide" : "update_tf32" : "update";
    }
  }
}
