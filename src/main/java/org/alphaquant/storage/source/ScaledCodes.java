package org.alphaquant.storage.source;

import ai.djl.ndarray.NDArray;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * A weight [N, K] as it is stored: codes, and what they are multiplied by.
 *
 * @param scheme what the codes stand for
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
}
