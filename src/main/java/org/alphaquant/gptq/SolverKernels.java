package org.alphaquant.gptq;

import java.util.List;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaSource;
import org.alphaquant.format.WeightGrid;

/**
 * The kernels of {@code resources/cuda/gptq} for one grid, by what they are for. They are compiled
 * as one text, since the parts share the arithmetic of grids and the products. Arrays are float32
 * and contiguous, as the source names them.
 */
record SolverKernels(
    KernelGrid grid,
    SearchKernels search,
    FactorKernels factor,
    SweepKernels sweep,
    RefitKernels refit,
    Products products,
    RoundingKernels rounding) {

  /** A part may use those before it. */
  static final CudaSource SOURCE =
      new CudaSource(
          "gptq.cu",
          List.of(
              "gptq/grid.cu",
              "gptq/columns.cu",
              "gptq/update.cu",
              "gptq/damping.cu",
              "gptq/orders.cu",
              "gptq/errors.cu",
              "gptq/factor.cu",
              "gptq/tensor_cores.cu",
              "gptq/update_tf32.cu",
              "gptq/gram.cu",
              "gptq/gram_tf32.cu",
              "gptq/refit.cu",
              "gptq/rounding.cu",
              "gptq/search.cu"));

  /** Inputs that one thread holds. */
  static final int BLOCK = 64;

  /** Inputs, and outputs, of a product that one block of threads takes. */
  static final int TILE = 128;

  /** Outputs of a block of threads that each take one. */
  static final int ROWS = 128;

  /** Inputs whose moves are spread over those after them at once. */
  static final int SPREAD = 256;

  /** Inputs, and outputs, that a block of threads transposes. */
  static final int STORED = 32;

  /**
   * Compiles them.
   *
   * @param reduced whether what is spread over the inputs still to come is multiplied in TF32
   */
  static SolverKernels of(CudaDevice device, WeightGrid weights, boolean reduced) {
    KernelGrid grid = KernelGrid.of(weights);
    CudaModule module = device.module(SOURCE, grid.definitions());
    Products products = new Products(module, reduced, device.blas());
    return new SolverKernels(
        grid,
        new SearchKernels(module, grid),
        new FactorKernels(module, products),
        new SweepKernels(module, grid, products),
        new RefitKernels(module, grid, products),
        products,
        new RoundingKernels(module, grid));
  }
}
