package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.BLOCK;
import static org.alphaquant.gptq.SolverKernels.ROWS;
import static org.alphaquant.gptq.SolverKernels.STORED;
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
 * Orders, damping and factorisation of Hessians, the latter as {@code gptq.damped} and {@code
 * gptq.factorize}: a batch at once, which a library takes one after the other.
 */
record FactorKernels(CudaModule module, Products products) {

  // Of so many matrices, what all inputs after some have in common is taken from these at once; of
  // fewer, what some have is taken from all before them, which gives a GPU more to do.
  private static final int MANY = 24;

  /**
   * {@code gptq.damped}.
   *
   * @param hessian [B, K, K], or fewer that several have in common
   * @param damp [B]
   * @param kept what it gives; may be the Hessian
   * @param factored the same, to be factored
   */
  void damp(TensorScope scope, NDArray hessian, NDArray damp, NDArray kept, NDArray factored) {
    int inputs = inputs(hessian);
    int batch = batch(kept);
    try (TensorScope work = scope.child("damping")) {
      NDArray mean = work.run("fused.copied", damp);
      module.launch(
          "mean_diagonal",
          new Blocks(batch, 1, 1),
          Threads.of(256),
          new KernelArguments()
              .add(scope.address(hessian))
              .add(scope.address(mean))
              .add(inputs)
              .add(batch(hessian)));
      module.launch(
          "damped",
          new Blocks(Blocks.of(inputs, 1024), inputs, batch),
          Threads.of(256),
          new KernelArguments()
              .add(scope.address(hessian))
              .add(scope.address(damp))
              .add(scope.address(mean))
              .add(scope.address(kept))
              .add(scope.address(factored))
              .add(inputs)
              .add(batch(hessian)));
    }
  }

  /**
   * Rows of X [B, K, R] in other orders.
   *
   * @param order int32 [B, K]
   */
  NDArray reordered(TensorScope scope, NDArray x, NDArray order) {
    NDArray result = scope.run("fused.empty_weights", x);
    module.launch(
        "reorder_rows",
        new Blocks(Blocks.of(rows(x), 1024), inputs(x), batch(x)),
        Threads.of(256),
        new KernelArguments()
            .add(scope.address(x))
            .add(scope.address(order))
            .add(scope.address(result))
            .add(inputs(x))
            .add(rows(x)));
    return result;
  }

  /**
   * Rows and columns of H [B, K, K] in other orders.
   *
   * @param order int32 [B, K], or of several elements for each H
   */
  NDArray reorderedBothWays(TensorScope scope, NDArray hessian, NDArray order) {
    NDArray own = scope.run("tensor.contiguous", hessian);
    long count = order.getShape().get(0);
    NDArray result = scope.run("fused.matrices_like", own, count);
    module.launch(
        "reorder_both_ways",
        new Blocks(inputs(own), count, 1),
        Threads.of(256),
        new KernelArguments()
            .add(scope.address(own))
            .add(scope.address(order))
            .add(scope.address(result))
            .add(inputs(own))
            .add(batch(own)));
    own.close();
    return result;
  }

  /**
   * N of H = N D Nᵀ above its diagonal of ones, in place of what {@link #factorize} leaves; the
   * diagonal is not N's.
   */
  void unitColumns(TensorScope scope, NDArray factor) {
    long tiles = Blocks.of(inputs(factor), STORED);
    module.launch(
        "unit_columns",
        new Blocks(tiles, tiles, batch(factor)),
        new Threads(STORED, 8, 0),
        new KernelArguments().add(scope.address(factor)).add(inputs(factor)));
  }

  /**
   * A [B, K, K], symmetric, becomes Vᵀ on and below its diagonal, where A = V Vᵀ.
   *
   * @param good int32 [B], ones; zero where there is no such V
   */
  void factorize(TensorScope scope, NDArray matrix, NDArray good) {
    long address = scope.address(matrix);
    long found = scope.address(good);
    int inputs = inputs(matrix);
    Products.Spread spread = products.spread(scope, matrix, matrix, matrix);
    long by = scope.address(scope.run("tensor.zeros", matrix, batch(matrix)));
    module.launch(
        "factor_shift",
        new Blocks(batch(matrix), 1, 1),
        Threads.of(256),
        new KernelArguments().add(address).add(by).add(inputs));
    boolean gathers = batch(matrix) >= MANY;
    for (int start = (inputs - 1) / TILE * TILE; start >= 0; start -= TILE) {
      int end = Math.min(inputs, start + TILE);
      if (gathers) {
        spread.subtractShared(end, inputs, start, end, by);
      }
      for (int first = (end - 1) / BLOCK * BLOCK; first >= start; first -= BLOCK) {
        module.launch(
            "factor_block",
            new Blocks(batch(matrix), 1, 1),
            Threads.of(256),
            new KernelArguments().add(address).add(found).add(inputs).add(first));
        if (first > 0) {
          module.launch(
              "factor_panel",
              new Blocks(Blocks.of(first, ROWS), batch(matrix), 1),
              Threads.of(ROWS),
              new KernelArguments().add(address).add(inputs).add(first));
        }
        spread.subtractShared(first, Math.min(inputs, first + BLOCK), start, first, by);
      }
      if (!gathers) {
        spread.subtractShared(start, end, 0, start, by);
      }
    }
  }
}
