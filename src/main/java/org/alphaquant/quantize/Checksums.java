package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.alphaquant.cuda.CudaDevice;
import org.alphaquant.cuda.CudaModule;
import org.alphaquant.cuda.CudaModule.Blocks;
import org.alphaquant.cuda.CudaModule.Threads;
import org.alphaquant.cuda.CudaSource;
import org.alphaquant.cuda.KernelArguments;
import org.alphaquant.torch.TensorScope;

/**
 * Sums of weights that differ where a number does: {@code tensor.checksum} and {@code
 * tensor.finite}, on a GPU by one kernel for a whole batch.
 */
public final class Checksums {

  private static final CudaSource SOURCE = CudaSource.of("checksum.cu");
  private static final int THREADS = 256;
  private static final int EACH = 16;
  private static final int MOST_BLOCKS = 256;

  private Checksums() {}

  /**
   * The checksums of rows {@code first..last-1} of each weight [B, R, K], int64 [B], owned by
   * {@code scope}.
   *
   * @param weight float32
   */
  public static NDArray of(TensorScope scope, NDArray weight, long first, long last) {
    return summed(scope, weight, first, last)
        .map(sums -> scope.run("tensor.element", sums, 0))
        .orElseGet(() -> scope.run("tensor.checksum", weight, first, last));
  }

  /** Whether the same rows are free of infinities and not-a-number: of each weight 1 or 0. */
  static long[] finite(TensorScope parent, NDArray weight, long first, long last) {
    try (TensorScope scope = parent.child("finite")) {
      NDArray finite =
          summed(scope, weight, first, last)
              .map(sums -> scope.run("tensor.are_zero", sums, 1))
              .orElseGet(() -> scope.run("tensor.finite", weight, first, last));
      return scope.toLongs(finite);
    }
  }

  // Checksums and how many are no finite numbers, int64 [2, B]; empty without a GPU.
  private static Optional<NDArray> summed(
      TensorScope scope, NDArray weight, long first, long last) {
    Optional<CudaDevice> device = scope.cuda();
    if (device.isEmpty() || weight.size() == 0) {
      return Optional.empty();
    }
    CudaModule module = device.get().module(SOURCE, List.of());
    long[] shape = weight.getShape().getShape();
    long count = (last - first) * shape[2];
    NDArray whole = scope.run("tensor.contiguous", weight);
    NDArray sums = scope.run("tensor.no_sums", whole, 2, shape[0]);
    module.launch(
        "checksums",
        new Blocks(Math.min(MOST_BLOCKS, Blocks.of(count, THREADS * EACH)), shape[0], 1),
        Threads.of(THREADS),
        new KernelArguments()
            .add(scope.address(whole))
            .add(scope.address(sums))
            .add(shape[1] * shape[2])
            .add(first * shape[2])
            .add(count));
    return Optional.of(sums);
  }
}
