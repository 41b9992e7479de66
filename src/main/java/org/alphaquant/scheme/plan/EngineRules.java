package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Optional;
import org.alphaquant.problem.Problem;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.ServingRule;
import org.alphaquant.storage.serving.TargetRuntime;

/** Checks a result against the rules of the engine that is to serve it. */
final class EngineRules {
  private EngineRules() {}

  static List<Problem> check(
      StorageFormat format, ServedCheckpoint checkpoint, TargetRuntime target) {
    boolean packed = !format.storesValues() && checkpoint.quantized().findAny().isPresent();
    if (target == TargetRuntime.NONE || !packed && target != TargetRuntime.LLAMA_CPP) {
      return List.of();
    }
    List<ServingRule> rules = format.readers().get(target);
    return rules == null
        ? List.of(unread(format, target))
        : rules.stream().map(rule -> rule.check(checkpoint)).flatMap(Optional::stream).toList();
  }

  private static Problem unread(StorageFormat format, TargetRuntime target) {
    String detail =
        "%s does not read checkpoints in the format %s".formatted(target.label(), format.name());
    return Problem.error("format-not-read", "", format.name(), detail);
  }
}
