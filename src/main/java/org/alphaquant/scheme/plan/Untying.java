package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Set;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Content;

/**
 * A head that shares the embedding's weight cannot share it any more once one of the two is
 * quantized, or the final norm is folded into the head.
 */
final class Untying {

  private static final Set<ModuleKind> SHARING = Set.of(ModuleKind.HEAD, ModuleKind.EMBEDDING);

  private Untying() {}

  static boolean isDone(Content content) {
    return content.description().tiedHead()
        && content.plain().stream()
            .anyMatch(tensor -> tensor.name().equals(head(content.description())));
  }

  /** Full name of the head's own weight. */
  static String head(ModelDescription description) {
    return description.linears().stream()
            .filter(linear -> linear.kind() == ModuleKind.HEAD)
            .findFirst()
            .orElseThrow()
            .name()
        + ".weight";
  }

  static boolean isNeeded(PlannedSource source, List<ModuleScheme> modules) {
    if (!source.description().tiedHead()) {
      return false;
    }
    return source.rotated()
        || modules.stream().anyMatch(it -> it.isQuantized() && SHARING.contains(it.kind()));
  }
}
