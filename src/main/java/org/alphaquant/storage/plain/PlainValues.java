package org.alphaquant.storage.plain;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Codec;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.Planes;
import org.alphaquant.storage.QuantizedBatch;
import org.alphaquant.storage.TorchTypes;
import org.alphaquant.torch.TensorScope;

/** Stores the dequantized values. */
final class PlainValues implements Codec {

  private static final String WEIGHT = "weight";

  @Override
  public List<Plane> planes(TensorScheme scheme, long rows, long columns, Dtype model) {
    return List.of(
        Plane.of(
            WEIGHT,
            model,
            (scope, batch) -> QuantizedBatch.bytes(scope, batch.weight(), TorchTypes.of(model)),
            rows,
            columns));
  }

  @Override
  public NDArray decode(TensorScope scope, TensorScheme scheme, Planes planes) {
    return planes.floats(WEIGHT);
  }
}
