package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.BLOCK;
import static org.alphaquant.gptq.SolverKernels.ROWS;
import static org.alphaquant.gptq.SolverKernels.SPREAD;
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
 * What goes through the inputs one after the other: error feedback and coordinate descent. BLOCK
 * inputs are taken by a thread of each output; what their moves take from the others is a product,
 * of all moves before SPREAD inputs at once, so that what these wait for is read and written once.
 */
record SweepKernels(CudaModule module, KernelGrid grid, Products products) {

  // What a block of columns and what waits for them take.
  private static final int COLUMNS = (BLOCK * (BLOCK + 4) + BLOCK * ROWS + 2 * BLOCK) * Float.BYTES;

  /**
   * Algorithm 1: W [B, K, R] gives Q.
   *
   * @param correction zeros [B, K, R], used up
   * @param factor N with H = N D Nᵀ, upper triangular with ones on its diagonal
   */
  void errorFeedback(
      TensorScope scope,
      NDArray weight,
      NDArray correction,
      NDArray factor,
      Scales scales,
      NDArray result) {
    sweep("error_feedback", scope, correction, factor, scales, result, scope.address(weight));
  }

  /** One sweep of coordinate descent: Q moves, the residual is used up. */
  void descend(
      TensorScope scope, NDArray residual, NDArray hessian, Scales scales, NDArray quantized) {
    sweep("descend", scope, residual, hessian, scales, quantized, 0);
  }

  // What an input was moved by, or its residual, gives way to its own move.
  private void sweep(
      String kernel,
      TensorScope scope,
      NDArray rest,
      NDArray matrix,
      Scales scales,
      NDArray quantized,
      long original) {
    Scales.Addresses at = scales.at(scope);
    long result = scope.address(quantized);
    Products.Spread spread = products.spread(scope, rest, matrix, rest);
    boolean gathers = spread.gathers();
    for (int start = 0; start < inputs(rest); start += SPREAD) {
      int end = Math.min(inputs(rest), start + SPREAD);
      if (gathers) {
        spread.over(0, 0, start, start, end);
      }
      for (int first = start; first < end; first += BLOCK) {
        module.launch(
            kernel,
            new Blocks(Blocks.of(rows(rest), ROWS), batch(rest), 1),
            new Threads(ROWS, 1, COLUMNS),
            at.into(new KernelArguments().add(spread.rest()).add(spread.matrix()))
                .add(result)
                .addUnlessNone(original)
                .add(inputs(rest))
                .add(rows(rest))
                .add(scales.perOutput())
                .add(first)
                .add(grid.structure()));
        // The moves of the last 1, 2, 4.. blocks for as many to come, whichever are whole.
        int taken = Integer.lowestOneBit((first - start) / BLOCK + 1) * BLOCK;
        int next = first + BLOCK;
        spread.over(next - taken, next - taken, taken, next, Math.min(end, next + taken));
      }
      if (!gathers) {
        spread.over(start, start, end - start, end, inputs(rest));
      }
    }
  }
}
