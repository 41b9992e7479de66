package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.JoinedModules;
import org.alphaquant.storage.StorageFormat;

/**
 * A checkpoint as an engine will find it.
 *
 * @param format how it is written
 * @param modules every linear module, quantized or not
 */
record ServedCheckpoint(StorageFormat format, List<ModuleScheme> modules) {

  boolean isPacked() {
    return !format.storesValues() && quantized().findAny().isPresent();
  }

  boolean is(StorageFormat other) {
    return format.equals(other);
  }

  Stream<ModuleScheme> quantized() {
    return modules.stream().filter(module -> module.isQuantized());
  }

  Stream<ModuleScheme> experts() {
    return modules.stream().filter(ModuleScheme::isExpert);
  }

  /** Width of the residual stream, which routers read; 0 in a model without routers. */
  long hidden() {
    return modules.stream()
        .filter(module -> module.kind() == ModuleKind.ROUTER)
        .mapToLong(module -> module.module().inFeatures())
        .findFirst()
        .orElse(0);
  }

  List<JoinedModules> units() {
    return JoinedModules.of(modules);
  }

  Map<String, ModuleScheme> byName() {
    return modules.stream().collect(Collectors.toMap(module -> module.name(), Function.identity()));
  }
}
