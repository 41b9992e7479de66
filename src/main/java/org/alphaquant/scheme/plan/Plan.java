package org.alphaquant.scheme.plan;

import java.util.List;
import java.util.Optional;
import org.alphaquant.scheme.Finding;
import org.alphaquant.storage.ExportModule;
import org.alphaquant.storage.OutputFormat;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a job comes to.
 *
 * @param format how the checkpoint is written
 * @param target the program that is to serve it
 * @param modules every linear module with its scheme and its tensors
 * @param groups the same by scheme, largest first
 * @param bitsPerWeight over the quantized modules, scales included; 16 where there are none
 * @param sourceBytes size of the source's tensors
 * @param outputBytes size of the written tensors
 * @param findings errors, warnings and notes, those of the configuration first
 */
public record Plan(
    OutputFormat format,
    TargetRuntime target,
    List<PlannedModule> modules,
    List<SchemeGroup> groups,
    double bitsPerWeight,
    long sourceBytes,
    long outputBytes,
    List<Finding> findings) {
  public Plan {
    modules = List.copyOf(modules);
    groups = List.copyOf(groups);
    findings = List.copyOf(findings);
  }

  /** What keeps the job from running. */
  public List<Finding> errors() {
    return findings.stream().filter(Finding::isError).toList();
  }

  /** The modules as a writer takes them. */
  public List<ExportModule> exports() {
    return modules.stream().map(module -> PlannedModule.export(module.resolved())).toList();
  }

  /** The {@code quantization_config} of config.json; empty for a plain checkpoint. */
  public Optional<ObjectNode> quantizationConfig() {
    return format.quantizationConfig(exports(), target == TargetRuntime.SGLANG);
  }
}
