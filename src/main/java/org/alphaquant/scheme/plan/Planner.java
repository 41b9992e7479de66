package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.Finding;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.scheme.Resolution;
import org.alphaquant.storage.ExportModule;
import org.alphaquant.storage.ModuleSummary;
import org.alphaquant.storage.OutputFormat;

/**
 * Makes plans for one model.
 *
 * @param sourceBytes size of all the source's tensors
 * @param dtype the source's dtype, in which everything unquantized stays
 */
public record Planner(long sourceBytes, Dtype dtype) {

  /**
   * The plan for a resolved configuration.
   *
   * @param requested the checkpoint format, or empty for the most readable one that holds all
   */
  public Plan plan(Resolution resolution, Optional<OutputFormat> requested, TargetRuntime target) {
    List<ModuleScheme> linears =
        resolution.modules().stream().filter(module -> isLinear(module)).toList();
    List<ExportModule> exports = linears.stream().map(PlannedModule::export).toList();
    OutputFormat format = requested.orElseGet(() -> OutputFormat.choose(exports));
    List<PlannedModule> modules =
        linears.stream().map(module -> new PlannedModule(module, tensors(module, format))).toList();
    ServedCheckpoint served = new ServedCheckpoint(format, modules);
    List<Finding> findings = new ArrayList<>(resolution.findings());
    findings.addAll(FormatRules.check(served, requested.isPresent(), target));
    if (served.isPacked()) {
      rules(served, target).forEach(rule -> rule.check(served).ifPresent(findings::add));
    }
    return new Plan(
        format,
        target,
        modules,
        groups(modules),
        resolution.bitsPerWeight(),
        sourceBytes,
        outputBytes(modules),
        findings);
  }

  private static boolean isLinear(ModuleScheme module) {
    return module.module().kind().isLinear();
  }

  private List<org.alphaquant.checkpoint.TensorInfo> tensors(
      ModuleScheme module, OutputFormat format) {
    ExportModule export = PlannedModule.export(module);
    return format.refuses(export).isPresent() ? List.of() : format.tensors(export, dtype);
  }

  private static List<ServingRule> rules(ServedCheckpoint served, TargetRuntime target) {
    return switch (target) {
      case VLLM -> VllmRules.of(served);
      case SGLANG -> SglangRules.of(served);
      case TRANSFORMERS -> TransformersRules.of(served);
      case NONE -> List.of();
    };
  }

  /** Everything that is no linear's weight is copied. */
  private long outputBytes(List<PlannedModule> modules) {
    long weights =
        modules.stream().mapToLong(module -> module.resolved().module().elements()).sum();
    long rest = sourceBytes - weights * dtype.bits() / Byte.SIZE;
    return rest + modules.stream().mapToLong(PlannedModule::bytes).sum();
  }

  private static List<SchemeGroup> groups(List<PlannedModule> modules) {
    Map<TensorScheme, List<PlannedModule>> byScheme =
        modules.stream()
            .collect(
                Collectors.groupingBy(
                    PlannedModule::scheme, LinkedHashMap::new, Collectors.toList()));
    return byScheme.entrySet().stream()
        .map(group -> group(group.getKey(), group.getValue()))
        .sorted(Comparator.comparingLong(SchemeGroup::weights).reversed())
        .toList();
  }

  private static SchemeGroup group(TensorScheme scheme, List<PlannedModule> members) {
    List<ModuleScheme> resolved = members.stream().map(PlannedModule::resolved).toList();
    long weights = resolved.stream().mapToLong(module -> module.module().elements()).sum();
    double bits = resolved.stream().mapToDouble(ModuleScheme::bits).sum();
    List<String> names = resolved.stream().map(ModuleScheme::name).toList();
    long bytes = members.stream().mapToLong(PlannedModule::bytes).sum();
    return new SchemeGroup(
        scheme, ModuleSummary.of(names), members.size(), weights, bits / weights, bytes);
  }
}
