package org.alphaquant.gptq;

import static org.alphaquant.gptq.SolverKernels.SPREAD;
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
 * Scales refitted to codes as they are, as {@code gptq.refit_scales}. A group's move changes what
 * is best for the next, so several groups are refitted in one launch, by what each two have in
 * common.
 */
record RefitKernels(CudaModule module, KernelGrid grid, Products products) {

  private static final int REFITTED = 32;
  private static final int REFITTED_TOGETHER = 16;

  /** Refits the scales of one group after another; Q, scales and residual move with them. */
  void refit(
      TensorScope scope,
      NDArray quantized,
      NDArray residual,
      NDArray hessian,
      NDArray scale,
      NDArray outer) {
    int size = Math.toIntExact(grid.weights().groupSize());
    int all = inputs(quantized) / size;
    int together = Math.min(Math.min(all, REFITTED_TOGETHER), Math.max(1, SPREAD / size));
    NDArray steps = scope.run("fused.empty", quantized, together * size);
    NDArray pulls = scope.run("fused.empty", quantized, together * (together + 1) / 2);
    long weights = scope.address(quantized);
    long scales = scope.address(scale);
    long outers = scope.address(outer);
    long pull = scope.address(pulls);
    Products.Spread spread = products.spread(scope, residual, hessian, steps);
    for (int group = 0; group < all; group += together) {
      int count = Math.min(together, all - group);
      int pairs = count * (count + 1) / 2;
      boolean wide = (inputs(quantized) | rows(quantized) | size) % 4 == 0;
      module.launch(
          gram(size, wide),
          new Blocks(Blocks.of(rows(quantized), TILE), pairs, batch(quantized)),
          multiplies(size) ? new Threads(128, 1, Products.SLICES) : Threads.of(256),
          new KernelArguments()
              .add(weights)
              .add(spread.matrix())
              .add(scales)
              .add(pull)
              .add(inputs(quantized))
              .add(rows(quantized))
              .add(all)
              .add(pairs)
              .add(group)
              .add(size));
      module.launch(
          "refit",
          new Blocks(Blocks.of(rows(quantized), REFITTED), batch(quantized), 1),
          Threads.of(256),
          new KernelArguments()
              .add(weights)
              .add(spread.rest())
              .add(pull)
              .add(scales)
              .add(outers)
              .add(spread.moves())
              .add(inputs(quantized))
              .add(rows(quantized))
              .add(all)
              .add(group)
              .add(count)
              .add(grid.structure()));
      spread.withMost(count * size).over(0, group * size, count * size, 0, inputs(quantized));
    }
    steps.close();
    pulls.close();
  }

  // Whether what groups of a size have in common is multiplied on tensor cores.
  private boolean multiplies(int size) {
    return products.reduced() && size >= TILE;
  }

  // As many inputs of a group at once as it has, if that is a fraction of a tile.
  private String gram(int size, boolean wide) {
    if (multiplies(size)) {
      return wide ? "gram_tf32_wide" : "gram_tf32";
    }
    return size <= 16 ? "gram_16" : size <= 32 ? "gram_32" : size <= 64 ? "gram_64" : "gram_128";
  }
}
