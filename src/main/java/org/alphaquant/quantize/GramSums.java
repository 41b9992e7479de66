package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.alphaquant.cuda.Blas;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * Hessians summed in float32 of bfloat16 rows, on a GPU where products are computed so. The rows
 * carry the root of their weight, so that a Hessian is the Gram matrix of its rows.
 */
final class GramSums {

  private final TensorScope scope;
  private final Blas blas;

  private GramSums(TensorScope scope, Blas blas) {
    this.scope = scope;
    this.blas = blas;
  }

  /** Owning what it returns in {@code scope}; empty where products are not bfloat16. */
  static Optional<GramSums> of(TensorScope scope) {
    return scope.productDtype() == TorchDtype.BFLOAT16
        ? scope.cuda().flatMap(device -> device.blas()).map(blas -> new GramSums(scope, blas))
        : Optional.empty();
  }

  /** Gives rows {@code start..end-1}, bfloat16 [n, K], of an element. */
  interface Rows {
    NDArray of(TensorScope scope, int element, long start, long end);
  }

  /** Where the rows of an element are: those of experts from {@code from} on. */
  record Slice(long[] offsets, int from) {}

  /** The Hessians of {@code count} elements of width K, float32 [count, K, K]. */
  NDArray ofExperts(int count, long width, NDArray like, Slice slice, Rows rows) {
    NDArray hessians = scope.run("hessian.zeros", like, count, width);
    long address = scope.address(hessians);
    for (int element = 0; element < count; element++) {
      long first = slice.offsets[slice.from + element];
      long last = slice.offsets[slice.from + element + 1];
      int own = element;
      long at = address + element * width * width * Float.BYTES;
      add(at, width, first, last, (work, start, end) -> rows.of(work, own, start, end));
    }
    return hessians;
  }

  /** Adds rows [n, K], each counting {@code weights}, to {@code hessian [K, K]}. */
  void add(NDArray hessian, NDArray all, NDArray weights) {
    long count = all.getShape().get(0);
    add(
        scope.address(hessian),
        all.getShape().get(1),
        0,
        count,
        (work, start, end) -> work.run("hessian.scaled_rows", all, weights, start, end));
  }

  private interface Part {
    NDArray of(TensorScope scope, long start, long end);
  }

  private void add(long hessian, long width, long first, long last, Part part) {
    for (long start = first; start < last; start += Dispatch.ROWS) {
      long end = Math.min(last, start + Dispatch.ROWS);
      try (TensorScope work = scope.child("gram")) {
        NDArray rows = part.of(work, start, end);
        blas.addGram(work.address(rows), (int) (end - start), (int) width, hessian);
      }
    }
  }
}
