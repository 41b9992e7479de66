package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A weight [N, K] as codes and scales.
 *
 * @param scheme of the codes
 * @param codes uint8 [N, K], integers counted from the least code
 * @param scale float32 [N, G]
 * @param zero zero points on the signed grid, float32 [N, G]; zeros where the scheme is symmetric
 */
public record ScaledCodes(TensorScheme scheme, NDArray codes, NDArray scale, NDArray zero) {

  /** Without zero points. */
  public static ScaledCodes symmetric(
      TensorScope scope, TensorScheme scheme, NDArray codes, NDArray scale) {
    return new ScaledCodes(scheme, codes, scale, scope.run("tensor.zeros_like", scale));
  }

  /** The weight, float32 [N, K]. */
  public NDArray dequantized(TensorScope scope) {
    WeightGrid grid = WeightGrid.of(scheme, codes.getShape().get(1), TorchDtype.BFLOAT16);
    return scope.run("format.dequantize", codes, scale, zero, grid.numbers());
  }

  /**
   * The same where each input names its group, as activation ordering does: every input gets its
   * own scale.
   *
   * @param groups of each input
   * @throws IllegalArgumentException for a group that has no scale
   */
  public ScaledCodes ordered(TensorScope scope, int[] groups) {
    long count = scale.getShape().get(1);
    int size = (int) (groups.length / count);
    if (IntStream.range(0, groups.length).allMatch(k -> groups[k] == k / size)) {
      return this;
    }
    for (int k = 0; k < groups.length; k++) {
      if (groups[k] < 0 || groups[k] >= count) {
        throw new IllegalArgumentException(
            "puts input %d into group %d; there are %d".formatted(k, groups[k], count));
      }
    }
    NDArray of = scope.longs(Arrays.stream(groups).asLongStream().toArray(), groups.length);
    TensorScheme each = new TensorScheme(scheme.format(), 1, scheme.symmetric(), NumberFormat.BF16);
    return new ScaledCodes(
        each,
        codes,
        scope.run("tensor.chosen_columns", scale, of),
        scope.run("tensor.chosen_columns", zero, of));
  }
}
