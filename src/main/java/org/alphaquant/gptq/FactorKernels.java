package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.BLOCK;
import static org.alphaquant.gptq.SolverKernels.ROWS;
import static org.alphaquant.gptq.SolverKernels.STORED;
import static org.alphaquant.gptq.SolverKernels.TILE;
import static org.alphaquant.gptq.Transposed.batch;
import static org.alphaquant.gptq.Transposed.inputs;

import ai.djl.ndarray.NDArray;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * Damping and factorisation of Hessians, as {@code gptq.damped} and {@code gptq.factorize}: a batch
 * at once, which a library takes one after the other.
 */
record FactorKernels(CudaModule module) {

  /**
   * {@code gptq.damped}.
   *
   * @param hessian [B, K, K]
   * @param damp [B]
   * @param kept what it gives; may be the Hessian
   * @param factored the same, to be factored
   */
  void damp(TensorScope scope, NDArray hessian, NDArray damp, NDArray kept, NDArray factored) {
    int inputs = inputs(hessian);
    int batch = batch(hessian);
    try (TensorScope work = scope.child("damping")) {
      NDArray mean = work.run("fused.copied", damp);
      module.launch(
          "mean_diagonal",
          new Blocks(batch, 1, 1),
          Threads.of(256),
          new KernelArguments().add(scope.address(hessian)).add(scope.address(mean)).add(inputs));
      module.launch(
          "damped",
          new Blocks(Blocks.of(inputs, 256), inputs, batch),
          Threads.of(256),
          new KernelArguments()
              .add(scope.address(hessian))
              .add(scope.address(damp))
              .add(scope.address(mean))
              .add(scope.address(kept))
              .add(scope.address(factored))
              .add(inputs));
    }
  }

  /** N of H = N D Nᵀ on and above its diagonal of ones, of what {@link #factorize} leaves. */
  NDArray unitColumns(TensorScope scope, NDArray factor) {
    NDArray columns = scope.run("fused.empty_weights", factor);
    long tiles = Blocks.of(inputs(factor), STORED);
    module.launch(
        "unit_columns",
        new Blocks(tiles, tiles, batch(factor)),
        new Threads(STORED, 8, 0),
        new KernelArguments()
            .add(scope.address(factor))
            .add(scope.address(columns))
            .add(inputs(factor)));
    return columns;
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
    for (int first = (inputs - 1) / BLOCK * BLOCK; first >= 0; first -= BLOCK) {
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
        long tiles = Blocks.of(first, TILE);
        module.launch(
            "factor_rest",
            new Blocks(tiles, tiles, batch(matrix)),
            Threads.of(256),
            new KernelArguments().add(address).add(inputs).add(first));
      }
    }
  }
}
