package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.gptq.Solution;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * Quantized rows of some experts that wait in the host's memory, as codes and scales, until their
 * chunk is on the device again.
 *
 * @param elements positions in the chunk
 * @param first row of the stacked weight that the first of them is
 * @param codes uint8 [B, R, K] in C order
 * @param scale float32 [B, R, G]
 * @param zero float32 [B, R, G]
 * @param rounding number of the dtype that the storage format keeps the weight itself in, if it
 *     does
 */
record SolvedRows(
    long[] elements,
    long first,
    long[] shape,
    ByteBuffer codes,
    float[] scale,
    float[] zero,
    WeightGrid grid,
    OptionalInt rounding) {

  static SolvedRows of(
      TensorScope scope, long[] elements, long first, BatchQuantizer.Quantized quantized) {
    Solution solution = quantized.solution();
    return new SolvedRows(
        elements,
        first,
        solution.codes().getShape().getShape(),
        scope.toBytes(solution.codes()),
        scope.toFloats(solution.scale()),
        scope.toFloats(solution.zero()),
        quantized.grid(),
        quantized.rounding());
  }

  /** Puts the rows, as the solver left them, into {@code weights [C, R, K]}. */
  void restore(TensorScope parent, NDArray weights) {
    try (TensorScope scope = parent.child("restore")) {
      long groups = scale.length / (shape[0] * shape[1]);
      NDArray rows =
          scope.run(
              "format.dequantize",
              scope.tensor(TorchDtype.UINT8, shape, List.of(codes.duplicate())),
              scope.floats(scale, shape[0], shape[1], groups),
              scope.floats(zero, shape[0], shape[1], groups),
              grid.numbers());
      NDArray stored =
          rounding.isPresent() ? scope.run("tensor.rounded", rows, rounding.getAsInt()) : rows;
      scope.runInPlace("tensor.replace", weights, elements, first, first + shape[1], stored);
    }
  }
}
