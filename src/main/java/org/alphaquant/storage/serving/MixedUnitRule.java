package org.alphaquant.storage.serving;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;

/**
 * Modules that an engine joins into one must share one scheme, unquantized members among them: it
 * reads the whole unit by its first member's scheme, which turns the others into garbage (vLLM,
 * {@code compressed_tensors/utils.py} and {@code compressed_tensors_moe.py}).
 */
public record MixedUnitRule(String engine) implements ServingRule {

  @Override
  public Optional<Problem> check(ServedCheckpoint checkpoint) {
    List<JoinedModules> mixed =
        checkpoint.units().stream().filter(unit -> !unit.isUniform()).toList();
    return mixed.stream().findFirst().map(first -> finding(checkpoint, first, mixed.size() - 1));
  }

  private Problem finding(ServedCheckpoint checkpoint, JoinedModules unit, int others) {
    String schemes =
        unit.members().stream()
            .map(ModuleScheme::scheme)
            .map(TensorScheme::label)
            .distinct()
            .collect(Collectors.joining(", "));
    String detail =
        "%s reads the %d modules of %s by one scheme, but they have %s%s"
            .formatted(
                engine,
                unit.members().size(),
                unit.name(),
                schemes,
                others == 0 ? "" : " (and %d more such units)".formatted(others));
    return Problem.error("mixed-fused-unit", pointer(checkpoint, unit), schemes, detail);
  }

  /** The place that made the first member differ that does. */
  private static String pointer(ServedCheckpoint checkpoint, JoinedModules unit) {
    TensorScheme first = unit.members().get(0).scheme();
    return unit.members().stream()
        .filter(member -> !member.scheme().equals(first))
        .findFirst()
        .map(member -> checkpoint.byName().get(member.name()).formatPointer())
        .orElse("");
  }
}
