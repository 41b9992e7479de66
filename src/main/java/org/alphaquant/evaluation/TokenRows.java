package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.torch.TensorScope;

/** Rows of a residual stream, counted through all its microbatches. */
final class TokenRows {

  private TokenRows() {}

  /** Rows {@code first} to {@code last - 1} as [1, n, H]. */
  static NDArray of(TensorScope scope, ResidualStream stream, long first, long last) {
    NDList parts = new NDList();
    long start = 0;
    for (NDArray x : stream.microBatches()) {
      long end = start + x.getShape().get(0) * x.getShape().get(1);
      if (first < end && last > start) {
        parts.add(
            scope.run(
                "evaluation.rows", x, Math.max(first, start) - start, Math.min(last, end) - start));
      }
      start = end;
    }
    return parts.size() == 1 ? parts.get(0) : scope.run("evaluation.joined", parts);
  }
}
