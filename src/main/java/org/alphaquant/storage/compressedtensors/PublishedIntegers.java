package org.alphaquant.storage.compressedtensors;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * {@code pack-quantized} as other tools publish it (compressed-tensors 0.18, {@code
 * compressors/pack_quantized}): zero points may be one byte each, and {@code weight_g_idx} may put
 * inputs into groups by their activations; -1 there stands for an order that was never set.
 */
record PublishedIntegers(boolean byteZeros, boolean ordered) implements CodedWeight {

  private static final PackedIntegers WRITTEN = new PackedIntegers();
  private static final String GROUPS = "weight_g_idx";
  private static final int UNSET = -1;

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    List<Plane> planes = new ArrayList<>();
    for (Plane plane : WRITTEN.planes(scheme, rows, columns, model)) {
      boolean isZero = byteZeros && plane.suffix().equals(PackedIntegers.ZERO_POINT);
      planes.add(isZero ? zeros(rows, scheme.groups(columns)) : plane);
    }
    if (ordered) {
      planes.add(
          Plane.of(
              GROUPS,
              Dtype.I32,
              (scope, batch) -> scope.run("packing.group_index", batch.codes(), batch.scale()),
              columns));
    }
    return planes;
  }

  private static Plane zeros(long rows, long groups) {
    return Plane.of(
        PackedIntegers.ZERO_POINT,
        Dtype.I8,
        (scope, batch) -> QuantizedBatch.bytes(scope, batch.zero(), TorchDtype.INT8),
        rows,
        groups);
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    ScaledCodes codes =
        byteZeros ? centred(scope, scheme, planes) : WRITTEN.read(scope, scheme, planes);
    int[] groups = ordered ? planes.integers(GROUPS) : new int[] {UNSET};
    boolean isSet = Arrays.stream(groups).noneMatch(group -> group == UNSET);
    return isSet ? codes.ordered(scope, groups) : codes;
  }

  private static ScaledCodes centred(TensorScope scope, TensorScheme scheme, Planes planes) {
    NDArray codes = WRITTEN.codes(scope, scheme, planes);
    return new ScaledCodes(
        scheme,
        codes,
        planes.floats(Scales.WEIGHT_SCALE),
        planes.floats(PackedIntegers.ZERO_POINT));
  }
}
