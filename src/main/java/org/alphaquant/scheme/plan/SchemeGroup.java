package org.alphaquant.scheme.plan;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.ModuleSummary;

/**
 * All modules of one scheme.
 *
 * @param scheme how they are stored
 * @param modules their names, many in a line: {@code model.layers.0-15.mlp.experts.0-63.up_proj}
 * @param count how many there are
 * @param weights number of weights
 * @param bytes their bytes in the result
 */
public record SchemeGroup(
    TensorScheme scheme, List<String> modules, int count, long weights, long bytes) {
  public SchemeGroup {
    modules = List.copyOf(modules);
  }

  /** Stored bits for each weight, scales included. */
  public double bitsPerWeight() {
    return (double) bytes * Byte.SIZE / weights;
  }

  static List<SchemeGroup> of(
      Collection<ModuleScheme> modules, ToLongFunction<ModuleScheme> bytes) {
    Map<TensorScheme, List<ModuleScheme>> byScheme =
        modules.stream()
            .collect(
                Collectors.groupingBy(
                    ModuleScheme::scheme, LinkedHashMap::new, Collectors.toList()));
    return byScheme.entrySet().stream()
        .map(group -> group(group.getKey(), group.getValue(), bytes))
        .sorted(Comparator.comparingLong(SchemeGroup::weights).reversed())
        .toList();
  }

  private static SchemeGroup group(
      TensorScheme scheme, List<ModuleScheme> members, ToLongFunction<ModuleScheme> bytes) {
    return new SchemeGroup(
        scheme,
        ModuleSummary.of(members.stream().map(ModuleScheme::name).toList()),
        members.size(),
        members.stream().mapToLong(module -> module.module().elements()).sum(),
        members.stream().mapToLong(bytes).sum());
  }
}
