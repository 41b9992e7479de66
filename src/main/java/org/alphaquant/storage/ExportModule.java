package org.alphaquant.storage;

import java.util.Arrays;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.TensorScheme;

/**
 * A linear module of the model that is written, quantized or not.
 *
 * @param name name in the checkpoint without {@code .weight}
 * @param outFeatures rows of the weight
 * @param inFeatures columns of the weight
 * @param expert whether it belongs to a routed expert
 * @param scheme how the weight is stored
 */
public record ExportModule(
    String name, long outFeatures, long inFeatures, boolean expert, TensorScheme scheme) {

  boolean isQuantized() {
    return !scheme.isUnquantized();
  }

  long groups() {
    return scheme.groups(inFeatures);
  }

  TensorInfo tensor(String suffix, Dtype dtype, long... shape) {
    return new TensorInfo(name + "." + suffix, dtype, Arrays.stream(shape).boxed().toList());
  }

  /** 32-bit words for {@code count} codes of the module's format, one after another. */
  long words(long count) {
    return (count * scheme.format().bits() + Integer.SIZE - 1) / Integer.SIZE;
  }
}
