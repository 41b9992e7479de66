package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.ROWS;
import static org.alphaquant.gptq.SolverKernels.STORED;
import static org.alphaquant.gptq.Transposed.batch;
import static org.alphaquant.gptq.Transposed.inputs;
import static org.alphaquant.gptq.Transposed.rows;

import ai.djl.ndarray.NDArray;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/** Rounding of all weights at once, and weights and codes as they are stored. */
record RoundingKernels(CudaModule module, KernelGrid grid) {

  /** The nearest grid values of W [B, K, R]. */
  void nearest(TensorScope scope, NDArray weight, Scales scales, NDArray result) {
    Scales.Addresses at = scales.at(scope);
    module.launch(
        "nearest",
        new Blocks(Blocks.of(rows(weight), ROWS), inputs(weight), batch(weight)),
        Threads.of(ROWS),
        at.into(new KernelArguments().add(scope.address(weight)))
            .add(scope.address(result))
            .add(inputs(weight))
            .add(rows(weight))
            .add(scales.perOutput())
            .add(grid.structure()));
  }

  /** Q [B, K, R] as rows from {@code first} on of weight and codes [B, all rows, K]. */
  void store(
      TensorScope scope,
      NDArray quantized,
      Scales scales,
      NDArray weight,
      NDArray codes,
      long first) {
    long all = weight.getShape().get(1);
    module.launch(
        "store",
        new Blocks(
            Blocks.of(rows(quantized), STORED),
            Blocks.of(inputs(quantized), STORED),
            batch(quantized)),
        new Threads(STORED, 8, 0),
        new KernelArguments()
            .add(scope.address(quantized))
            .add(scope.address(scales.scale()))
            .add(scope.address(scales.zero()))
            .add(scope.address(weight))
            .add(scope.address(codes))
            .add(inputs(quantized))
            .add(rows(quantized))
            .add(scales.perOutput())
            .add(all * inputs(quantized))
            .add(Math.toIntExact(first))
            .add(grid.structure()));
  }
}
