package org.alphaquant.storage;

import java.util.Map;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.torch.TorchDtype;

/** PyTorch's dtypes of the stored numeric types. */
public final class TorchTypes {

  private static final Map<Dtype, TorchDtype> TYPES =
      Map.of(
          Dtype.F64, TorchDtype.FLOAT64,
          Dtype.F32, TorchDtype.FLOAT32,
          Dtype.F16, TorchDtype.FLOAT16,
          Dtype.BF16, TorchDtype.BFLOAT16,
          Dtype.F8_E4M3, TorchDtype.FLOAT8_E4M3,
          Dtype.I8, TorchDtype.INT8);

  private TorchTypes() {}

  /**
   * @throws IllegalArgumentException if the type holds no numbers that can be computed with
   */
  public static TorchDtype of(Dtype dtype) {
    TorchDtype type = TYPES.get(dtype);
    if (type == null) {
      throw new IllegalArgumentException(dtype + " holds no numbers; known are " + TYPES.keySet());
    }
    return type;
  }
}
