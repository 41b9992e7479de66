package org.alphaquant.storage.compressedtensors;

import ai.djl.ndarray.NDArray;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;

/** The scales of groups, {@code weight_scale} [N, G]. */
final class Scales {

  static final String WEIGHT_SCALE = "weight_scale";

  private Scales() {}

  /** Real numbers in 16 bits. */
  static Plane real(TensorScheme scheme, long rows, long columns, Dtype model) {
    Dtype dtype = StorageFormat.sixteenBits(model);
    return Plane.of(
        WEIGHT_SCALE,
        dtype,
        (scope, batch) -> QuantizedBatch.bytes(scope, batch.scale(), TorchTypes.of(dtype)),
        rows,
        scheme.groups(columns));
  }

  /** Powers of two as E8M0. */
  static Plane exponents(TensorScheme scheme, long rows, long columns) {
    return Plane.of(
        WEIGHT_SCALE,
        Dtype.U8,
        (scope, batch) -> scope.run("packing.exponents", batch.scale()),
        rows,
        scheme.groups(columns));
  }

  /** The inverse of {@link #exponents}. */
  static NDArray powersOfTwo(TensorScope scope, Planes planes) {
    return scope.run("packing.powers_of_two", planes.rows(WEIGHT_SCALE));
  }
}
