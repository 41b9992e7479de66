package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.problem.Problem;
import org.alphaquant.request.ClientPresence;

/** The overrides that apply to each module. */
final class OverrideMatches {

  /** Code of the finding that an override applies to no module. */
  static final String MATCHES_NOTHING = "matches-nothing";

  // Whoever has more patterns that match nothing has one mistake in all of them.
  private static final int EXPLAINED = 20;

  private final List<SchemeOverride> overrides;
  private final List<ModuleDescription> modules;
  private final Map<String, BitSet> matching = new HashMap<>();
  private final BitSet matchingAny = new BitSet();
  private final BitSet matchingOrdinary = new BitSet();

  OverrideMatches(List<SchemeOverride> overrides, List<ModuleDescription> modules) {
    this.overrides = overrides;
    this.modules = modules;
    for (ModuleDescription module : modules) {
      ClientPresence.require();
      BitSet matching = matching(module);
      this.matching.put(module.name(), matching);
      matchingAny.or(matching);
      if (!module.kind().isProtected()) {
        matchingOrdinary.or(matching);
      }
    }
  }

  private BitSet matching(ModuleDescription module) {
    BitSet matching = new BitSet(overrides.size());
    for (int index = 0; index < overrides.size(); index++) {
      matching.set(index, overrides.get(index).pattern().matches(module.name()));
    }
    return matching;
  }

  /** Those that match, and for a protected module only those that match nothing else. */
  BitSet applied(ModuleDescription module) {
    BitSet applied = (BitSet) matching.get(module.name()).clone();
    if (module.kind().isProtected()) {
      applied.andNot(matchingOrdinary);
    }
    return applied;
  }

  List<Problem> findings() {
    List<Problem> findings = new ArrayList<>();
    List<String> examples =
        matchingAny.cardinality() == overrides.size()
            ? List.of()
            : NearMisses.examples(modules.stream().map(ModuleDescription::name).toList());
    for (int index = 0; index < overrides.size(); index++) {
      ClientPresence.require();
      SchemeOverride override = overrides.get(index);
      if (!matchingAny.get(index)) {
        findings.add(
            matchesNothing(
                index, override.pattern(), findings.size() < EXPLAINED ? examples : List.of()));
      } else if (override.fields().equals(SchemeFields.OPEN)) {
        String detail = "the override sets no field, so it changes nothing";
        findings.add(Problem.warning("empty-override", "/overrides/" + index, null, detail));
      }
    }
    return findings;
  }

  private static Problem regularExpression(int index, Glob pattern) {
    String pointer = Origin.pointer(index, "pattern");
    String detail =
        "the pattern matches no module and looks like a regular expression, but patterns are globs"
            + " over whole names: * is any text, ? any character, [a-z] a set, and nothing else has"
            + " a meaning; perhaps "
            + RegexHabits.asGlob(pattern.pattern());
    return Problem.error("regular-expression", pointer, pattern.pattern(), detail);
  }

  private Problem matchesNothing(int index, Glob pattern, List<String> examples) {
    if (RegexHabits.isIn(pattern.pattern())) {
      return regularExpression(index, pattern);
    }
    String weight =
        pattern.pattern().endsWith(".weight") ? " (names have no \".weight\" at their end)" : "";
    String detail =
        "the pattern matches none of the model's %d modules%s%s"
            .formatted(
                modules.size(), weight, examples.isEmpty() ? "" : "; the nearest are listed");
    String pointer = Origin.pointer(index, "pattern");
    return Problem.warning(MATCHES_NOTHING, pointer, pattern.pattern(), detail)
        .allowing(NearMisses.names(pattern, examples));
  }
}
