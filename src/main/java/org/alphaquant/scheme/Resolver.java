package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.problem.Problem;
import org.alphaquant.request.ClientPresence;

/** Applies one configuration to one model. */
final class Resolver {
  private final QuantizationConfig config;
  private final List<ModuleDescription> modules;
  private final OverrideMatches matches;
  private final Map<BitSet, Effective> effectiveFields = new HashMap<>();
  private final SchemeFindings findings = new SchemeFindings();
  private final GroupSizes groupSizes;

  Resolver(QuantizationConfig config, List<ModuleDescription> modules) {
    this.config = config;
    this.modules = modules;
    this.groupSizes = new GroupSizes(modules);
    this.matches = new OverrideMatches(config.overrides(), modules);
  }

  Resolution resolve() {
    List<ModuleScheme> schemes = new ArrayList<>();
    for (ModuleDescription module : modules) {
      ClientPresence.require();
      Effective effective = effective(module);
      schemes.add(new ModuleScheme(module, scheme(module, effective), effective.origin()));
    }
    List<Problem> all = new ArrayList<>(findings.all());
    all.addAll(matches.findings());
    return new Resolution(schemes, all, config.keyValueCache());
  }

  /** Modules that the same overrides apply to share one object. */
  private Effective effective(ModuleDescription module) {
    BitSet applied = matches.applied(module);
    boolean left = module.kind().isProtected() && applied.stream().noneMatch(this::setsFormat);
    return left ? Effective.LEFT_ALONE : effectiveFields.computeIfAbsent(applied, this::overlay);
  }

  private boolean setsFormat(int override) {
    return config.overrides().get(override).fields().wq() != null;
  }

  private Effective overlay(BitSet applied) {
    SchemeFields fields = config.defaults();
    Origin origin = Origin.of(fields, Origin.DEFAULT);
    for (int index : applied.stream().toArray()) {
      SchemeFields later = config.overrides().get(index).fields();
      fields = fields.overlaidBy(later);
      origin = origin.overlaidBy(later, index);
    }
    return new Effective(fields, origin);
  }

  private TensorScheme scheme(ModuleDescription module, Effective effective) {
    NumberFormat format = effective.format();
    if (effective.isSkipped() || format.isUnquantized()) {
      return TensorScheme.UNQUANTIZED;
    }
    Effective fitted = effective.fittedTo(groupSizes.rows(module));
    if (!fitted.equals(effective)) {
      findings.noteFitted(module, effective, fitted);
    }
    boolean usable =
        findings.checkKind(module, effective)
            && findings.checkBlocks(effective)
            && findings.checkDivides(module, fitted);
    return usable ? fitted.scheme() : TensorScheme.UNQUANTIZED;
  }
}
