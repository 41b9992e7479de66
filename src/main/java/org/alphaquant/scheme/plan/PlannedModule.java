package org.alphaquant.scheme.plan;

import java.util.List;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.CompressedTensorsFormat;
import org.alphaquant.storage.ExportModule;

/**
 * A module with the tensors that it will be stored in.
 *
 * @param resolved its scheme and where that comes from
 * @param tensors name, element type and shape of each tensor; empty where the format cannot hold it
 */
public record PlannedModule(ModuleScheme resolved, List<TensorInfo> tensors) {
  public PlannedModule {
    tensors = List.copyOf(tensors);
  }

  /** Stored size of the module's weight. */
  public long bytes() {
    return tensors.stream().mapToLong(TensorInfo::bytes).sum();
  }

  TensorScheme scheme() {
    return resolved.scheme();
  }

  ModuleKind kind() {
    return resolved.module().kind();
  }

  boolean isExpert() {
    return kind() == ModuleKind.EXPERT;
  }

  boolean isInteger() {
    return scheme().format().kind() == Kind.INT;
  }

  int bits() {
    return scheme().format().bits();
  }

  boolean is(CompressedTensorsFormat format) {
    return CompressedTensorsFormat.of(scheme()).filter(format::equals).isPresent();
  }

  static ExportModule export(ModuleScheme module) {
    return new ExportModule(
        module.name(),
        module.module().outFeatures(),
        module.module().inFeatures(),
        module.module().kind() == ModuleKind.EXPERT,
        module.scheme());
  }
}
