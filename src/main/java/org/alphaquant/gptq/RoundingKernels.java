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

  /**
   * What the nearest grid values take from W [B, K, R].
   *
   * @param result float32, or float16 times a shift
   * @param shift its address, 0 for none
   */
  void error(TensorScope scope, NDArray weight, Scales scales, NDArray result, long shift) {
    Scales.Addresses at = scales.at(scope);
    module.launch(
        "rounding_error",
        new Blocks(Blocks.of(rows(weight), ROWS), Blocks.of(inputs(weight), 8), batch(weight)),
        Threads.of(ROWS),
        at.into(new KernelArguments().add(scope.address(weight)))
            .add(scope.address(result))
            .add(shift)
            .add(inputs(weight))
            .add(rows(weight))
            .add(scales.perOutput())
            .add(grid.structure()));
  }

  /** Rows first..last-1 of W [B, R, K], transposed: [B, K, n]. */
  NDArray transposed(TensorScope scope, NDArray weight, long first, long last) {
    NDArray own = scope.run("tensor.contiguous", weight);
    NDArray result = scope.run("fused.room_for_rows", own, last - first);
    module.launch(
        "transposed",
        new Blocks(
            Blocks.of(rows(result), STORED), Blocks.of(inputs(result), STORED), batch(result)),
        new Threads(STORED, 8, 0),
        new KernelArguments()
            .add(scope.address(own))
            .add(scope.address(result))
            .add(inputs(result))
            .add(rows(result))
            .add(Math.toIntExact(own.getShape().get(1)))
            .add(Math.toIntExact(first)));
    own.close();
    return result;
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
            Blocks.of(inputs(quantized), 4 * STORED),
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
