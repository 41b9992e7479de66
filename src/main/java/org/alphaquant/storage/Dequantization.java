package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.format.WeightGrid;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/** The last step of every decoder: codes, scales and zero points to numbers. */
public final class Dequantization {

  private Dequantization() {}

  /**
   * @param codes uint8 [N, K]
   * @param scale float32 [N, G]
   * @param zero float32 [N, G]
   * @return float32 [N, K]
   */
  public static NDArray of(
      TensorScope scope, TensorScheme scheme, NDArray codes, NDArray scale, NDArray zero) {
    WeightGrid grid = WeightGrid.of(scheme, codes.getShape().get(1), TorchDtype.BFLOAT16);
    return scope.run("format.dequantize", codes, scale, zero, grid.numbers());
  }

  /** The same without zero points. */
  public static NDArray symmetric(
      TensorScope scope, TensorScheme scheme, NDArray codes, NDArray scale) {
    return of(scope, scheme, codes, scale, scope.run("tensor.zeros_like", scale));
  }
}
