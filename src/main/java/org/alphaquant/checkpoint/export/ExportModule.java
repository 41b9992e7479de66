package org.alphaquant.checkpoint.export;

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

  ExportModule with(TensorScheme other) {
    return new ExportModule(name, outFeatures, inFeatures, expert, other);
  }
}
