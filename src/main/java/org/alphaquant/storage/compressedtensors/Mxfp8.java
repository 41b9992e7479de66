package org.alphaquant.storage.compressedtensors;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Dequantization;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.torch.TensorScope;

/** {@code mxfp8-quantized}: E4M3 in bytes below powers of two. */
final class Mxfp8 implements Codec {

  private static final String WEIGHT = "weight";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    return List.of(
        Plane.of(WEIGHT, Dtype.F8_E4M3, (scope, batch) -> batch.codes(), rows, columns),
        Scales.exponents(scheme, rows, columns));
  }

  @Override
  public NDArray decode(TensorScope scope, TensorScheme scheme, Planes planes) {
    return Dequantization.symmetric(
        scope, scheme, planes.rows(WEIGHT), Scales.powersOfTwo(scope, planes));
  }
}
