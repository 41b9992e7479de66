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

/** {@code int-quantized}: integers of up to eight bits, each in a signed byte. */
final class ByteIntegers implements CodedWeight {

  private static final String WEIGHT = "weight";
  private static final String ZERO_POINT = "weight_zero_point";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    double least = scheme.format().smallest();
    List<Plane> planes = new ArrayList<>();
    planes.add(
        Plane.of(
            WEIGHT,
            Dtype.I8,
            (scope, batch) -> bytes(scope, scope.run("packing.signed", batch.codes(), least)),
            rows,
            columns));
    planes.add(Scales.real(scheme, rows, columns, model));
    if (!scheme.symmetric()) {
      long groups = scheme.groups(columns);
      planes.add(
          Plane.of(
              ZERO_POINT, Dtype.I8, (scope, batch) -> bytes(scope, batch.zero()), rows, groups));
    }
    return planes;
  }

  private static NDArray bytes(TensorScope scope, NDArray numbers) {
    return QuantizedBatch.bytes(scope, numbers, TorchDtype.INT8);
  }

  @Override
  public boolean stacks(TensorScheme scheme) {
    return true;
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    double least = scheme.format().smallest();
    NDArray codes = scope.run("packing.unsigned", planes.typed(WEIGHT, TorchDtype.INT8), least);
    NDArray scale = planes.floats(WEIGHT_SCALE);
    return scheme.symmetric()
        ? ScaledCodes.symmetric(scope, scheme, codes, scale)
        : new ScaledCodes(scheme, codes, scale, planes.floats(ZERO_POINT));
  }
}
