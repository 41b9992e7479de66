package org.alphaquant.storage.serving;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.scheme.ModuleScheme;

/**
 * Modules that vLLM and SGLang join into one, and that must therefore share a scheme.
 *
 * @param name the joint module's name in those engines
 * @param members the modules that are joined
 */
public record JoinedModules(String name, List<ModuleScheme> members) {
  private static final Pattern EXPERT = Pattern.compile("(.+\\.experts)\\.\\d+\\.[^.]+");
  private static final Map<String, String> JOINED =
      Map.of(
          "q_proj", "qkv_proj",
          "k_proj", "qkv_proj",
          "v_proj", "qkv_proj",
          "gate_proj", "gate_up_proj",
          "up_proj", "gate_up_proj",
          "q_a_proj", "fused_qkv_a_proj",
          "kv_a_proj_with_mqa", "fused_qkv_a_proj",
          "in_proj_qkv", "in_proj_qkvz",
          "in_proj_z", "in_proj_qkvz");

  public JoinedModules {
    members = List.copyOf(members);
  }

  /** Every unit of more than one module, in the order of the model. */
  public static List<JoinedModules> of(Collection<ModuleScheme> modules) {
    Map<String, List<ModuleScheme>> units = new LinkedHashMap<>();
    for (ModuleScheme module : modules) {
      joined(module.name())
          .ifPresent(unit -> units.computeIfAbsent(unit, key -> new ArrayList<>()).add(module));
    }
    return units.entrySet().stream()
        .filter(unit -> unit.getValue().size() > 1)
        .map(unit -> new JoinedModules(unit.getKey(), unit.getValue()))
        .toList();
  }

  /** Name of the module that this one is joined into; empty where it is not joined. */
  public static Optional<String> joined(String name) {
    Matcher expert = EXPERT.matcher(name);
    if (expert.matches()) {
      return Optional.of(expert.group(1));
    }
    int dot = name.lastIndexOf('.') + 1;
    return Optional.ofNullable(JOINED.get(name.substring(dot)))
        .map(joined -> name.substring(0, dot) + joined);
  }

  /** Whether the unit is the routed experts of a layer, including prediction layers. */
  public boolean isExperts() {
    return EXPERT.matcher(members.get(0).name()).matches();
  }

  /** Whether all members have one and the same scheme. */
  public boolean isUniform() {
    return members.stream().map(ModuleScheme::scheme).distinct().count() == 1;
  }
}
