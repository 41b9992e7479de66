package org.alphaquant.storage;

import ai.djl.ndarray.NDArray;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.source.ScaledCodes;
import org.alphaquant.torch.TensorScope;

/** A codec whose planes hold codes and scales apart. */
public interface CodedWeight extends Codec {

  /** Decodes the planes into arrays of {@code scope}. */
  ScaledCodes read(TensorScope scope, TensorScheme scheme, Planes planes);

  @Override
  default NDArray decode(TensorScope scope, TensorScheme scheme, Planes planes) {
    return read(scope, scheme, planes).dequantized(scope);
  }
}
