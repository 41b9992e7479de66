package org.alphaquant.scheme.plan;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.scheme.Finding;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.StorageFormat;

/** What a format has to say about a model as a whole. */
final class WholeRules {
  private WholeRules() {}

  static List<Finding> check(
      StorageFormat format, Content content, Path source, TargetRuntime target) {
    List<Finding> findings = new ArrayList<>();
    for (String obstacle : format.obstacles(content, source)) {
      findings.add(Finding.error("format-cannot-hold", "", format.name(), obstacle));
    }
    for (String difference : format.differences(content)) {
      findings.add(
          target == TargetRuntime.NONE
              ? Finding.warning("engine-differs", "", format.name(), difference)
              : Finding.error("engine-differs", "", format.name(), difference));
    }
    return List.copyOf(findings);
  }
}
