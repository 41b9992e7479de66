package org.alphaquant.storage.mxfp4;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;

/** Two E2M1 codes a byte, the earlier one in the low bits, and powers of two as E8M0. */
final class Mxfp4Planes implements CodedWeight {

  static final String BLOCKS = "blocks";
  static final String SCALES = "scales";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    return List.of(
        Plane.of(
            BLOCKS,
            Dtype.U8,
            (scope, batch) -> scope.run("packing.pack", batch.codes(), 4, 1),
            rows,
            columns / 2),
        Plane.of(
            SCALES,
            Dtype.U8,
            (scope, batch) -> scope.run("packing.exponents", batch.scale()),
            rows,
            scheme.groups(columns)));
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    NDArray codes = scope.run("packing.unpack", planes.rows(BLOCKS), 4, planes.inFeatures());
    NDArray scale = scope.run("packing.powers_of_two", planes.rows(SCALES));
    return ScaledCodes.symmetric(scope, scheme, codes, scale);
  }
}
