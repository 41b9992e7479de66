package org.alphaquant.storage.serving;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.scheme.ModuleScheme;

/**
 * A checkpoint as an engine sees it.
 *
 * @param family {@code model_type}
 * @param modules every linear module, quantized or not
 */
public record ServedCheckpoint(String family, List<ModuleScheme> modules) {

  /** The modules whose weights are quantized. */
  public Stream<ModuleScheme> quantized() {
    return modules.stream().filter(module -> module.isQuantized());
  }

  /** Routed experts, quantized or not. */
  public Stream<ModuleScheme> experts() {
    return modules.stream().filter(ModuleScheme::isExpert);
  }

  /** Width of the residual stream, which routers read; 0 in a model without routers. */
  public long hidden() {
    return modules.stream()
        .filter(module -> module.kind() == ModuleKind.ROUTER)
        .mapToLong(module -> module.module().inFeatures())
        .findFirst()
        .orElse(0);
  }

  /** The groups of modules that engines join. */
  public List<JoinedModules> units() {
    return JoinedModules.of(modules);
  }

  /** All modules, by name. */
  public Map<String, ModuleScheme> byName() {
    return modules.stream().collect(Collectors.toMap(module -> module.name(), Function.identity()));
  }
}
