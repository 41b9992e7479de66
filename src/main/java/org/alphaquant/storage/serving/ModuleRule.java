package org.alphaquant.storage.serving;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.alphaquant.problem.Problem;
import org.alphaquant.problem.Severity;
import org.alphaquant.scheme.ModuleScheme;

/**
 * A rule about single modules, reported once with the first module that breaks it.
 *
 * @param severity of the finding
 * @param code stable name of the finding
 * @param reason what the engine does, as a sentence's end
 * @param concerns the quantized modules that break the rule
 */
public record ModuleRule(
    Severity severity, String code, String reason, Predicate<ModuleScheme> concerns)
    implements ServingRule {

  /** A rule that a checkpoint must not break. */
  public static ModuleRule error(String code, String reason, Predicate<ModuleScheme> concerns) {
    return new ModuleRule(Severity.ERROR, code, reason, concerns);
  }

  /** A rule that is better not broken. */
  public static ModuleRule warning(String code, String reason, Predicate<ModuleScheme> concerns) {
    return new ModuleRule(Severity.WARNING, code, reason, concerns);
  }

  /** A note about such modules. */
  public static ModuleRule note(String code, String reason, Predicate<ModuleScheme> concerns) {
    return new ModuleRule(Severity.NOTE, code, reason, concerns);
  }

  @Override
  public Optional<Problem> check(ServedCheckpoint checkpoint) {
    List<ModuleScheme> found = checkpoint.quantized().filter(concerns).toList();
    return found.stream().findFirst().map(first -> finding(first, found.size() - 1));
  }

  private Problem finding(ModuleScheme first, int others) {
    String label = first.scheme().label();
    String more = others == 0 ? "" : " and %d more modules are".formatted(others);
    String detail =
        "%s%s %s, but %s".formatted(first.name(), more.isEmpty() ? " is" : more, label, reason);
    return new Problem(severity, code, first.formatPointer(), label, detail, List.of());
  }
}
