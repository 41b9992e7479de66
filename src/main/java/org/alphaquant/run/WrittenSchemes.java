package org.alphaquant.run;

import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.plan.Plan;
import org.alphaquant.storage.ExportModule;
import org.alphaquant.storage.OutputFormat;

/** The schemes as an engine finds them: without activations that the format does not tell of. */
final class WrittenSchemes {

  private WrittenSchemes() {}

  static Map<String, TensorScheme> of(Plan plan) {
    return plan.exports().stream()
        .collect(Collectors.toMap(ExportModule::name, module -> scheme(plan.format(), module)));
  }

  private static TensorScheme scheme(OutputFormat format, ExportModule module) {
    TensorScheme scheme = module.scheme();
    return scheme.isUnquantized() || format.holdsActivation(module)
        ? scheme
        : new TensorScheme(
            scheme.format(), scheme.groupSize(), scheme.symmetric(), NumberFormat.BF16);
  }
}
