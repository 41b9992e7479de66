package org.alphaquant.scheme.plan;

import java.util.List;
import org.alphaquant.format.TensorScheme;

/**
 * All modules of one scheme.
 *
 * @param scheme how they are stored
 * @param modules their names, many in a line: {@code model.layers.0-15.mlp.experts.0-63.up_proj}
 * @param count how many there are
 * @param weights how many numbers they hold
 * @param bitsPerWeight bits of the scheme for each of them, scales included
 * @param bytes what they take in the checkpoint
 */
public record SchemeGroup(
    TensorScheme scheme,
    List<String> modules,
    int count,
    long weights,
    double bitsPerWeight,
    long bytes) {
  public SchemeGroup {
    modules = List.copyOf(modules);
  }
}
