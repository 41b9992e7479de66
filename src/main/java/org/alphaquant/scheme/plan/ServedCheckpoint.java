package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.storage.FusedUnit;
import org.alphaquant.storage.OutputFormat;

/**
 * A checkpoint as an engine will find it.
 *
 * @param format how it is written
 * @param modules every linear module, quantized or not
 */
record ServedCheckpoint(OutputFormat format, List<PlannedModule> modules) {

  boolean isPacked() {
    return format != OutputFormat.DEQUANTIZED && quantized().findAny().isPresent();
  }

  boolean is(OutputFormat other) {
    return format == other;
  }

  Stream<PlannedModule> quantized() {
    return modules.stream().filter(module -> module.resolved().isQuantized());
  }

  Stream<PlannedModule> experts() {
    return modules.stream().filter(PlannedModule::isExpert);
  }

  /** Width of the residual stream, which routers read; 0 in a model without routers. */
  long hidden() {
    return modules.stream()
        .filter(module -> module.kind() == ModuleKind.ROUTER)
        .mapToLong(module -> module.resolved().module().inFeatures())
        .findFirst()
        .orElse(0);
  }

  List<FusedUnit> units() {
    return FusedUnit.of(
        modules.stream().map(PlannedModule::resolved).map(PlannedModule::export).toList());
  }

  Map<String, PlannedModule> byName() {
    return modules.stream()
        .collect(Collectors.toMap(module -> module.resolved().name(), Function.identity()));
  }
}
