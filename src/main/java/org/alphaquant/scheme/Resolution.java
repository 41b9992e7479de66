package org.alphaquant.scheme;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
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

  public List<Problem> errors() {
    return findings.stream().filter(Problem::isError).toList();
  }

  public List<Problem> warnings() {
    return findings.stream().filter(finding -> !finding.isError()).toList();
  }

  /**
   * This resolution, if it can be used.
   *
   * @throws InvalidConfigException with every error there is
   */
  public Resolution orThrow() {
    if (!errors().isEmpty()) {
      throw new InvalidConfigException(errors());
    }
    return this;
  }

  /** The modules whose weight is quantized. */
  public List<ModuleScheme> quantized() {
    return modules.stream().filter(ModuleScheme::isQuantized).toList();
  }

  /** Schemes by module name. */
  public Map<String, TensorScheme> byName() {
    return modules.stream().collect(Collectors.toMap(ModuleScheme::name, ModuleScheme::scheme));
  }

  /** Stored bits per weight over the quantized modules; 16 where there are none. */
  public double bitsPerWeight() {
    long weights = quantized().stream().mapToLong(scheme -> scheme.module().elements()).sum();
    double bits = quantized().stream().mapToDouble(ModuleScheme::bits).sum();
    return weights == 0 ? 16 : bits / weights;
  }
}
