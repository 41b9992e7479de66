package org.alphaquant.architecture;

/**
 * A module with a weight {@code [outFeatures, inFeatures]}.
 *
 * @param name name in the checkpoint without {@code .weight}
 * @param outFeatures rows of the weight
 * @param inFeatures columns of the weight
 * @param kind what the module does
 * @param layer decoder layer, or -1 outside of the layers
 * @param expert index of the routed expert, or -1
 */
public record ModuleDescription(
    String name, long outFeatures, long inFeatures, ModuleKind kind, int layer, int expert) {
  public ModuleDescription {
    if (name.isEmpty() || outFeatures <= 0 || inFeatures <= 0) {
      throw new IllegalArgumentException(
          "module \"%s\" has weight [%d, %d]".formatted(name, outFeatures, inFeatures));
    }
    if ((kind == ModuleKind.EXPERT) != (expert >= 0)) {
      throw new IllegalArgumentException(
          "module %s is %s with expert index %d".formatted(name, kind.label(), expert));
    }
  }

  /** Number of weights. */
  public long elements() {
    return outFeatures * inFeatures;
  }
}
