package org.alphaquant.scheme;

import java.util.List;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.problem.Problem;

/**
 * A configuration applied to a model.
 *
 * @param modules every module of the model with its scheme, in the model's order. Modules with
 *     errors are listed as unquantized.
 * @param findings errors, warnings and notes, in the order of the configuration
 * @param keyValueCache see {@link QuantizationConfig}
 */
public record Resolution(
    List<ModuleScheme> modules, List<Problem> findings, NumberFormat keyValueCache) {
  public Resolution {
    modules = List.copyOf(modules);
    findings = List.copyOf(findings);
  }

  /** This, with patterns that match nothing as errors. */
  public Resolution strict() {
    return new Resolution(
        modules,
        findings.stream()
            .map(it -> it.code().equals(OverrideMatches.MATCHES_NOTHING) ? it.asError() : it)
            .toList(),
        keyValueCache);
  }
}
