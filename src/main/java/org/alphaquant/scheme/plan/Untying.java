package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.ModuleScheme;

/**
 * A head that shares the embedding's weight cannot share it any more once one of the two is
 * quantized.
 */
final class Untying {

  private static final Set<ModuleKind> SHARING = Set.of(ModuleKind.HEAD, ModuleKind.EMBEDDING);

  private Untying() {}

  static boolean of(ModelDescription description, List<ModuleScheme> modules) {
    return description.tiedHead()
        && modules.stream().anyMatch(it -> it.isQuantized() && SHARING.contains(it.kind()));
  }
}
