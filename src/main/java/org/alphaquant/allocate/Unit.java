package org.alphaquant.allocate;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.scheme.Glob;

/**
 * Modules that get one format together.
 *
 * @param name of the module that engines make of them, a {@code *} for every expert: {@code
 *     model.layers.0.mlp.experts.*.gate_up_proj}
 * @param modules in the model's order
 */
public record Unit(String name, List<ModuleDescription> modules) {

  public Unit {
    modules = List.copyOf(modules);
    if (modules.isEmpty()) {
      throw new IllegalArgumentException(name + " has no modules");
    }
  }

  /** The layers that it has modules in, in order. */
  public List<Integer> layers() {
    return modules.stream().map(ModuleDescription::layer).distinct().sorted().toList();
  }

  /** The layer of its first module. */
  public int firstLayer() {
    return layers().get(0);
  }

  /** Number of weights. */
  public long weights() {
    return modules.stream().mapToLong(ModuleDescription::elements).sum();
  }

  /** Names of its modules. */
  public Set<String> names() {
    return modules.stream()
        .map(ModuleDescription::name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * Globs that match its modules and nothing else of a model: one for every expert where that is
   * so, else the names themselves.
   *
   * @param all names of the model's modules
   */
  List<String> patterns(List<String> all) {
    Set<String> own = names();
    Set<String> globs = new LinkedHashSet<>();
    for (ModuleDescription module : modules) {
      globs.add(everyExpert(module));
    }
    boolean exact = globs.stream().allMatch(glob -> matchesOnly(glob, own, all));
    return List.copyOf(exact ? globs : own);
  }

  /** Whether a pattern matches none but these names. */
  static boolean matchesOnly(String pattern, Set<String> own, List<String> all) {
    Glob glob = Glob.of(pattern);
    String begin = pattern.substring(0, (pattern + "*").indexOf('*'));
    return all.stream()
        .filter(name -> name.startsWith(begin) && glob.matches(name))
        .allMatch(own::contains);
  }

  /** The module's name with a {@code *} in place of an expert's number. */
  static String everyExpert(ModuleDescription module) {
    return module.expert() < 0
        ? module.name()
        : module.name().replaceFirst("\\." + module.expert() + "\\.([^.]+)$", ".*.$1");
  }
}
