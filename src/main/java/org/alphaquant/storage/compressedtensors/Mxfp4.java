package org.alphaquant.storage.compressedtensors;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;

/** {@code mxfp4-pack-quantized}: two E2M1 codes a byte below powers of two. */
final class Mxfp4 implements CodedWeight {

  private static final String PACKED = "weight_packed";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    return List.of(nibbles(rows, columns), Scales.exponents(scheme, rows, columns));
  }

  @Override
  public boolean stacks(TensorScheme scheme) {
    return true;
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    NDArray scale = Scales.powersOfTwo(scope, planes);
    return ScaledCodes.symmetric(scope, scheme, codes(scope, planes), scale);
  }

  /** E2M1 codes, the earlier of two in the low bits. */
  static Plane nibbles(long rows, long columns) {
    return Plane.of(
        PACKED,
        Dtype.U8,
        (scope, batch) -> scope.run("packing.pack", batch.codes(), 4, 1),
        rows,
        columns / 2);
  }

  /** The inverse of {@link #nibbles}. */
  static NDArray codes(TensorScope scope, Planes planes) {
    return scope.run("packing.unpack", planes.rows(PACKED), 4, planes.inFeatures());
  }
}
