package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Fallback;
import org.alphaquant.storage.StorageFormat;

/**
 * Modules with a format's own replacement for schemes whose blocks do not fit their rows.
 *
 * @param findings what was replaced, once for each scheme and reason
 */
record Fallbacks(List<ModuleScheme> modules, List<Problem> findings) {

  static Fallbacks of(Map<String, Fallback> instead, List<ModuleScheme> asked) {
    List<ModuleScheme> modules = new ArrayList<>();
    Map<List<Object>, Problem> findings = new LinkedHashMap<>();
    for (ModuleScheme module : asked) {
      Fallback fallback = instead.get(module.name());
      modules.add(fallback == null ? module : replaced(module, fallback));
      if (fallback != null) {
        findings.putIfAbsent(
            List.of(module.scheme(), fallback.reason()), finding(module, fallback));
      }
    }
    return new Fallbacks(List.copyOf(modules), List.copyOf(findings.values()));
  }

  /** The same modules, with every replacement as an error. */
  static Fallbacks refused(
      StorageFormat format, Map<String, Fallback> instead, List<ModuleScheme> asked) {
    List<Problem> findings =
        asked.stream()
            .filter(module -> instead.containsKey(module.name()))
            .map(module -> refusal(format, module, instead.get(module.name())))
            .toList();
    return new Fallbacks(asked, findings);
  }

  private static Problem refusal(StorageFormat format, ModuleScheme module, Fallback fallback) {
    String label = module.scheme().label();
    String detail =
        "%s is %s, which %s cannot hold: %s; the nearest is %s"
            .formatted(
                module.name(), label, format.name(), fallback.reason(), fallback.scheme().label());
    return Problem.error("format-cannot-hold", "", label, detail);
  }

  private static ModuleScheme replaced(ModuleScheme module, Fallback fallback) {
    return new ModuleScheme(module.module(), fallback.scheme(), module.origin());
  }

  private static Problem finding(ModuleScheme module, Fallback fallback) {
    String asked = module.scheme().format().jsonName();
    String detail =
        "%s, so %s and its like are written as %s in place of %s"
            .formatted(fallback.reason(), module.name(), fallback.scheme().label(), asked);
    return Problem.warning("fallback", module.formatPointer(), asked, detail);
  }
}
