package org.alphaquant.storage.quark;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;

/** Dense codes of four or six bits in bytes, with E8M0 scales beside them. */
final class QuarkMx implements CodedWeight {

  private static final String WEIGHT = "weight";
  private static final String SCALE = "weight_scale";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    int bits = scheme.format().bits();
    return List.of(
        Plane.of(
            WEIGHT,
            Dtype.U8,
            (scope, batch) -> scope.run("packing.pack", batch.codes(), bits, 1),
            rows,
            columns * bits / Byte.SIZE),
        Plane.of(
            SCALE,
            Dtype.U8,
            (scope, batch) -> scope.run("packing.exponents", batch.scale()),
            rows,
            scheme.groups(columns)));
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    int bits = scheme.format().bits();
    NDArray codes = scope.run("packing.unpack", planes.rows(WEIGHT), bits, planes.inFeatures());
    NDArray scale = scope.run("packing.powers_of_two", planes.rows(SCALE));
    return ScaledCodes.symmetric(scope, scheme, codes, scale);
  }
}
