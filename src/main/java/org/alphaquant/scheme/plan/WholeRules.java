package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.ModuleSummary;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.TargetRuntime;

/** Checks a whole model against the checkpoint format. */
final class WholeRules {
  private WholeRules() {}

  static List<Problem> check(
      StorageFormat format, Content content, PlannedSource source, TargetRuntime target) {
    List<Problem> findings = new ArrayList<>();
    for (String obstacle : format.obstacles(content, source.folder(), source.links())) {
      findings.add(Problem.error("format-cannot-hold", "", format.name(), obstacle));
    }
    leftOut(format, content).ifPresent(findings::add);
    for (String difference : format.differences(content)) {
      findings.add(
          target == TargetRuntime.NONE
              ? Problem.warning("engine-differs", "", format.name(), difference)
              : Problem.error("engine-differs", "", format.name(), difference));
    }
    for (String difference : format.knownDifferences(content)) {
      findings.add(Problem.warning("engine-differs", "", format.name(), difference));
    }
    return List.copyOf(findings);
  }

  private static Optional<Problem> leftOut(StorageFormat format, Content content) {
    Set<String> names = format.leavesOut(content);
    if (names.isEmpty()) {
      return Optional.empty();
    }
    String detail =
        "%s has no place for %d tensors that the forward pass does not read: %s"
            .formatted(format.name(), names.size(), String.join(", ", ModuleSummary.of(names)));
    return Optional.of(Problem.note("left-out", "", format.name(), detail));
  }
}
