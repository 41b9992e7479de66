package org.alphaquant.scheme;

import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.TensorScheme;

/**
 * The scheme of one module and where it comes from.
 *
 * @param module the module
 * @param scheme how its weight is stored
 * @param origin which part of the configuration decided it
 */
public record ModuleScheme(ModuleDescription module, TensorScheme scheme, Origin origin) {

  /** A module that the source has in this scheme already. */
  public static ModuleScheme stored(ModuleDescription module, TensorScheme scheme) {
    return new ModuleScheme(module, scheme, Effective.LEFT_ALONE.origin());
  }

  public String name() {
    return module.name();
  }

  /** A module that is never quantized, whatever the configuration. */
  public static ModuleScheme untouched(ModuleDescription module) {
    return new ModuleScheme(module, TensorScheme.UNQUANTIZED, Effective.LEFT_ALONE.origin());
  }

  /** The same under another name. */
  public ModuleScheme named(String name) {
    ModuleDescription other =
        new ModuleDescription(
            name,
            module.outFeatures(),
            module.inFeatures(),
            module.kind(),
            module.layer(),
            module.expert());
    return new ModuleScheme(other, scheme, origin);
  }

  public ModuleKind kind() {
    return module.kind();
  }

  public boolean isExpert() {
    return module.kind() == ModuleKind.EXPERT;
  }

  public boolean isQuantized() {
    return !scheme.isUnquantized();
  }

  /** JSON pointer to the {@code wq} that applies, in the default where nothing sets it. */
  public String formatPointer() {
    return Origin.pointer(origin.wq(), "wq");
  }

  /** JSON pointer to the {@code aq} that applies, in the default where nothing sets it. */
  public String activationPointer() {
    return Origin.pointer(origin.aq(), "aq");
  }

  /** Stored bits of the weight with its scales and zero points. */
  public double bits() {
    return scheme.bitsPerWeight(module.inFeatures()) * module.elements();
  }
}
