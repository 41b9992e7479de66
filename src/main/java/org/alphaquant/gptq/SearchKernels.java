package org.alphaquant.gptq;

import ai.djl.ndarray.NDArray;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;

/**
 * The search of scales, as {@code torchscript/scales.py}: every candidate of a group is tried by
 * the threads that hold its weights.
 */
record SearchKernels(CudaModule module, KernelGrid grid) {

  /** Scale and zero point of every group of weight [B, R, K], both [B, R, G]. */
  void search(
      TensorScope scope,
      NDArray weight,
      NDArray importance,
      NDArray outer,
      int steps,
      NDArray scale,
      NDArray zero) {
    long groups = scale.size();
    int size = Math.toIntExact(grid.weights().groupSize());
    long lanes = lanes(size);
    KernelArguments arguments =
        new KernelArguments()
            .add(scope.address(weight))
            .add(importance.size() == 0 ? 0L : scope.address(importance))
            .add(scope.address(scope.floats(factors(steps), steps)))
            .add(scope.address(outer))
            .add(scope.address(scale))
            .add(scope.address(zero))
            .add((int) weight.getShape().get(2))
            .add((int) weight.getShape().get(1))
            .add((int) scale.getShape().get(2))
            .add(groups)
            .add(candidates(steps))
            .add(grid.structure());
    module.launch(
        kernel(size), new Blocks(Blocks.of(groups * lanes, 256), 1, 1), Threads.of(256), arguments);
  }

  // As many weights of a group per thread as the source has been written out for.
  private static String kernel(int size) {
    return switch (size) {
      case 16 -> "search_16";
      case 32 -> "search_32";
      case 64 -> "search_64";
      case 128 -> "search_128";
      case 256 -> "search_256";
      default -> "search_any";
    };
  }

  // Threads that share a group, as written out there too.
  private static long lanes(int size) {
    return switch (size) {
      case 16, 256 -> 16;
      case 64, 128 -> 8;
      default -> 32;
    };
  }

  // As in scales.candidates.
  private int candidates(int steps) {
    int kind = grid.weights().scaleKind();
    if (steps == 1 || kind == 0 || kind == KernelGrid.WITH_MINIMA) {
      return steps;
    }
    return kind == KernelGrid.E8M0 ? 3 : 8;
  }

  // As in scales.candidate: what a candidate takes of the greatest weight.
  private float[] factors(int steps) {
    WeightGrid weights = grid.weights();
    double reach =
        weights.floating() ? weights.greatest() : 0.5 * (weights.greatest() - weights.least());
    float[] factors = new float[steps];
    for (int i = 0; i < steps; i++) {
      double shrink = 1.0 - 0.6 * i / steps;
      factors[i] = (float) (weights.symmetric() ? shrink / reach : shrink);
    }
    return factors;
  }
}
