package org.alphaquant.scheme;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** The overrides that apply to each module. */
final class OverrideMatches {
  private final List<SchemeOverride> overrides;
  private final List<ModuleDescription> modules;
  private final int[] ordinary;
  private final int[] guarded;

  OverrideMatches(List<SchemeOverride> overrides, List<ModuleDescription> modules) {
    this.overrides = overrides;
    this.modules = modules;
    this.ordinary = new int[overrides.size()];
    this.guarded = new int[overrides.size()];
    modules.forEach(
        module ->
            matching(module).forEach(i -> (module.kind().isProtected() ? guarded : ordinary)[i]++));
  }

  BitSet applied(ModuleDescription module) {
    BitSet applied = new BitSet(overrides.size());
    matching(module)
        .filter(index -> !module.kind().isProtected() || ordinary[index] == 0)
        .forEach(applied::set);
    return applied;
  }

  private IntStream matching(ModuleDescription module) {
    return IntStream.range(0, overrides.size())
        .filter(index -> overrides.get(index).pattern().matches(module.name()));
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    for (int index = 0; index < overrides.size(); index++) {
      SchemeOverride override = overrides.get(index);
      if (ordinary[index] + guarded[index] == 0) {
        findings.add(matchesNothing(index, override.pattern()));
      } else if (override.fields().equals(SchemeFields.OPEN)) {
        String detail = "the override sets no field, so it changes nothing";
        findings.add(Finding.warning("empty-override", "/overrides/" + index, null, detail));
      }
    }
    return findings;
  }

  private Finding matchesNothing(int index, Glob pattern) {
    List<String> names = modules.stream().map(ModuleDescription::name).toList();
    String weight =
        pattern.pattern().endsWith(".weight") ? " (names have no \".weight\" at their end)" : "";
    String detail =
        "the pattern matches none of the model's %d modules%s; the nearest are listed"
            .formatted(modules.size(), weight);
    String pointer = Origin.pointer(index, "pattern");
    return Finding.warning("matches-nothing", pointer, pattern.pattern(), detail)
        .allowing(NearMisses.names(pattern, names));
  }
}
