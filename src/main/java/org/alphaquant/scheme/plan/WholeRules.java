package org.alphaquant.scheme.plan;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.TargetRuntime;

/** What a format has to say about a model as a whole. */
final class WholeRules {
  private WholeRules() {}

  static List<Problem> check(
      StorageFormat format, Content content, Path source, TargetRuntime target) {
    List<Problem> findings = new ArrayList<>();
    for (String obstacle : format.obstacles(content, source)) {
      findings.add(Problem.error("format-cannot-hold", "", format.name(), obstacle));
    }
    for (String difference : format.differences(content)) {
      findings.add(
          target == TargetRuntime.NONE
              ? Problem.warning("engine-differs", "", format.name(), difference)
              : Problem.error("engine-differs", "", format.name(), difference));
    }
    return List.copyOf(findings);
  }
}
