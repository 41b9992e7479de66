package org.alphaquant.storage.compressedtensors;

import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;

/** {@code mxfp8-quantized}: E4M3 in bytes below powers of two. */
final class Mxfp8 implements CodedWeight {

  private static final String WEIGHT = "weight";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    return List.of(
        Plane.of(WEIGHT, Dtype.F8_E4M3, (scope, batch) -> batch.codes(), rows, columns),
        Scales.exponents(scheme, rows, columns));
  }

  @Override
  public boolean stacks(TensorScheme scheme) {
    return true;
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    return ScaledCodes.symmetric(
        scope, scheme, planes.rows(WEIGHT), Scales.powersOfTwo(scope, planes));
  }
}
