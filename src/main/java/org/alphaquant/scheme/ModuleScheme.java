package org.alphaquant.scheme;

import org.alphaquant.format.TensorScheme;

/**
 * What is done with one module, and why.
 *
 * @param module the module
 * @param scheme how its weight is stored
 * @param origin where the configuration says so
 */
public record ModuleScheme(ModuleDescription module, TensorScheme scheme, Origin origin) {

  public String name() {
    return module.name();
  }

  public boolean isQuantized() {
    return !scheme.isUnquantized();
  }

  /** Stored bits of the weight with its scales and zero points. */
  public double bits() {
    return scheme.bitsPerWeight(module.inFeatures()) * module.elements();
  }
}
