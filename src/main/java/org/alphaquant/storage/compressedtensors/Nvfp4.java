package org.alphaquant.storage.compressedtensors;

import static org.alphaquant.storage.compressedtensors.Scales.WEIGHT_SCALE;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.CodedWeight;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;

/**
 * {@code nvfp4-pack-quantized}: two E2M1 codes a byte below E4M3 scales, which one number of the
 * whole tensor divides; another divides the inputs.
 */
final class Nvfp4 implements CodedWeight {

  private static final String DIVISOR = "weight_global_scale";
  private static final String INPUT_DIVISOR = "input_global_scale";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    List<Plane> planes = new ArrayList<>();
    planes.add(Mxfp4.nibbles(rows, columns));
    planes.add(
        Plane.of(
            WEIGHT_SCALE,
            Dtype.F8_E4M3,
            (scope, batch) -> scope.run("packing.local_scales", batch.scale(), batch.outer()),
            rows,
            scheme.groups(columns)));
    planes.add(
        Plane.of(
            DIVISOR,
            Dtype.F32,
            (scope, batch) -> number(scope, scope.run("packing.reciprocal", batch.outer())),
            1));
    if (CompressionFormat.keepsActivation(scheme)) {
      planes.add(
          Plane.of(
              INPUT_DIVISOR,
              Dtype.F32,
              (scope, batch) ->
                  number(scope, scope.run("packing.input_divisor", batch.largestInput())),
              1));
    }
    return planes;
  }

  private static NDArray number(TensorScope scope, NDArray values) {
    return QuantizedBatch.bytes(scope, values, TorchDtype.FLOAT32);
  }

  @Override
  public ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes) {
    NDArray local = planes.typed(WEIGHT_SCALE, TorchDtype.FLOAT8_E4M3);
    NDArray scale = scope.run("packing.divided", local, planes.floats(DIVISOR));
    return ScaledCodes.symmetric(scope, scheme, Mxfp4.codes(scope, planes), scale);
  }

  static double inputDivisor(TensorScheme scheme, Function<String, List<ByteBuffer>> bytes) {
    if (scheme.format().kind() != Kind.NV || !CompressionFormat.keepsActivation(scheme)) {
      return 1;
    }
    ByteBuffer stored = bytes.apply(INPUT_DIVISOR).get(0).duplicate();
    return stored.order(ByteOrder.LITTLE_ENDIAN).getFloat();
  }
}
