package org.alphaquant.storage.compressedtensors;

import static org.alphaquant.storage.compressedtensors.Scales.WEIGHT_SCALE;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
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
 * {@code pack-quantized}: integers in 32-bit words, each row on its own; zero points packed down
 * the columns.
 */
final class PackedIntegers implements CodedWeight {

  private static final String PACKED = "weight_packed";
  private static final String SHAPE = "weight_shape";
  static final String ZERO_POINT = "weight_zero_point";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    int bits = scheme.format().bits();
    double least = scheme.format().smallest();
    List<Plane> planes = new ArrayList<>();
    planes.add(
        Plane.of(
            PACKED,
            Dtype.I32,
            (scope, batch) -> scope.run("packing.pack", batch.codes(), bits, Integer.BYTES),
            rows,
            Plane.words(columns, bits)));
    planes.add(Scales.real(scheme, rows, columns, model));
    planes.add(Plane.of(SHAPE, Dtype.I64, (scope, batch) -> shapes(scope, batch), 2));
    if (!scheme.symmetric()) {
      planes.add(
          Plane.of(
              ZERO_POINT,
              Dtype.I32,
              (scope, batch) ->
                  scope.run(
                      "packing.words_down",
                      scope.run("packing.zero_codes", batch.zero(), least),
                      bits),
              Plane.words(rows, bits),
              scheme.groups(columns)));
    }
    return planes;
  }

  private static NDArray shapes(TensorScope scope, QuantizedBatch batch) {
    int count = Math.toIntExact(batch.size());
    long[] shapes = new long[2 * count];
    for (int b = 0; b < count; b++) {
      shapes[2 * b] = batch.outFeatures();
      shapes[2 * b + 1] = batch.inFeatures();
    }
    return QuantizedBatch.bytes(scope, scope.longs(shapes, count, 2), TorchDtype.INT64);
  }

  // Words of zero points hold those of several rows.
  @Override
  public boolean stacks(TensorScheme scheme) {
    return scheme.symmetric();
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    NDArray codes = codes(scope, scheme, planes);
    NDArray scale = planes.floats(WEIGHT_SCALE);
    return scheme.symmetric()
        ? ScaledCodes.symmetric(scope, scheme, codes, scale)
        : new ScaledCodes(scheme, codes, scale, zeroPoints(scope, scheme, planes));
  }

  NDArray codes(TensorScope scope, TensorScheme scheme, Planes planes) {
    int bits = scheme.format().bits();
    return scope.run("packing.unpack", planes.rows(PACKED), bits, planes.inFeatures());
  }

  private static NDArray zeroPoints(TensorScope scope, TensorScheme scheme, Planes planes) {
    return scope.run(
        "packing.zeros_from_words",
        planes.words(ZERO_POINT),
        scheme.format().bits(),
        planes.outFeatures(),
        scheme.format().smallest());
  }
}
