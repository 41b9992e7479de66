package org.alphaquant.allocate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.storage.serving.JoinedModules;

/** How finely formats may be mixed, the finest first. */
public enum Grain {
  /**
   * Every projection of a layer, common to all experts; projections with the same input share a
   * format.
   */
  PROJECTION,
  /** The same, with all experts of a layer as one. */
  EXPERT_BLOCK,
  /** The same, with all experts of the model as one. */
  ALL_EXPERTS;

  private static final Set<String> DOWN = Set.of("down_proj", "w2");

  /** The name in reports. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The units of some modules, in the model's order. */
  public List<Unit> units(Collection<ModuleDescription> modules) {
    Map<String, List<ModuleDescription>> units = new LinkedHashMap<>();
    for (ModuleDescription module : modules) {
      units.computeIfAbsent(unitOf(module), name -> new ArrayList<>()).add(module);
    }
    return units.entrySet().stream().map(unit -> new Unit(unit.getKey(), unit.getValue())).toList();
  }

  private String unitOf(ModuleDescription module) {
    if (module.expert() < 0) {
      return JoinedModules.joined(module.name()).orElse(module.name());
    }
    return switch (this) {
      case PROJECTION -> projection(module);
      case EXPERT_BLOCK -> JoinedModules.joined(module.name()).orElse(module.name());
      case ALL_EXPERTS -> "experts";
    };
  }

  private static String projection(ModuleDescription module) {
    String every = Unit.everyExpert(module);
    int dot = every.lastIndexOf('.') + 1;
    String last = every.substring(dot);
    if (DOWN.contains(last)) {
      return every;
    }
    return every.substring(0, dot) + (last.startsWith("w") ? "w13" : "gate_up_proj");
  }
}
