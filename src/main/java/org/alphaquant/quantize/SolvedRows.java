package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.OptionalInt;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.Solution;
import org.alphaquant.torch.TensorScope;

/**
 * Quantized rows of some experts that wait, as codes and scales, until their chunk's weights are on
 * the device again: a quarter of what these take.
 *
 * @param elements positions in the chunk
 * @param first row of the stacked weight that the first of them is
 * @param codes uint8 [B, R, K]
 * @param scale float32 [B, R, G]
 * @param zero float32 [B, R, G]
 * @param rounding number of the dtype that the storage format keeps the weight itself in, if it
 *     does
 */
record SolvedRows(
    long[] elements,
    long first,
    NDArray codes,
    NDArray scale,
    NDArray zero,
    WeightGrid grid,
    OptionalInt rounding) {

  static SolvedRows of(long[] elements, long first, BatchQuantizer.Quantized quantized) {
    Solution solution = quantized.solution();
    return new SolvedRows(
        elements,
        first,
        solution.codes(),
        solution.scale(),
        solution.zero(),
        quantized.grid(),
        quantized.rounding());
  }

  /** Moves the arrays to another scope. */
  SolvedRows keep(TensorScope from, TensorScope keeper) {
    from.keep(keeper, codes);
    from.keep(keeper, scale);
    from.keep(keeper, zero);
    return this;
  }

  /** Puts the rows, as the solver left them, into {@code weights [C, R, K]}; they are used up. */
  void restore(TensorScope parent, NDArray weights) {
    try (TensorScope scope = parent.child("restore")) {
      NDArray rows = scope.run("format.dequantize", codes, scale, zero, grid.numbers());
      NDArray stored =
          rounding.isPresent() ? scope.run("tensor.rounded", rows, rounding.getAsInt()) : rows;
      long last = first + codes.getShape().get(1);
      scope.runInPlace("tensor.replace", weights, elements, first, last, stored);
    }
    codes.close();
    scale.close();
    zero.close();
  }
}
