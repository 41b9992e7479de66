package org.alphaquant.storage;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.format.NumberFormat.Kind;
import org.alphaquant.format.TensorScheme;

/**
 * Tensors of one module in GPTQ's format, version 1 (AutoGPTQ, {@code qlinear_cuda_old.py};
 * GPTQModel, {@code nn_modules/qlinear}).
 */
final class GptqLayout {
  private static final Set<Integer> BITS = Set.of(2, 3, 4, 8);

  private GptqLayout() {}

  static List<TensorInfo> of(ExportModule module) {
    long rows = module.outFeatures();
    long columns = module.inFeatures();
    return List.of(
        module.tensor("qweight", Dtype.I32, module.words(columns), rows),
        module.tensor("qzeros", Dtype.I32, module.groups(), module.words(rows)),
        module.tensor("scales", Dtype.F16, module.groups(), rows),
        module.tensor("g_idx", Dtype.I32, columns));
  }

  static Optional<String> obstacle(ExportModule module) {
    TensorScheme scheme = module.scheme();
    if (scheme.format().kind() != Kind.INT || !BITS.contains(scheme.format().bits())) {
      return Optional.of("gptq holds int2, int3, int4 and int8, not " + scheme.format().jsonName());
    }
    if (!scheme.symmetric()) {
      return Optional.of("gptq version 1 is read unambiguously only where it is symmetric");
    }
    if (module.outFeatures() % 32 != 0 || module.inFeatures() % 32 != 0) {
      return Optional.of(
          "gptq packs multiples of 32 rows and columns, and %s is [%d, %d]"
              .formatted(module.name(), module.outFeatures(), module.inFeatures()));
    }
    return Optional.empty();
  }
}
