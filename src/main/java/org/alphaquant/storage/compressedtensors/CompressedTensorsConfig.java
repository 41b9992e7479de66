package org.alphaquant.storage.compressedtensors;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.NamePatterns;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code quantization_config} of compressed-tensors: one group for each distinct scheme, with
 * targets that do not overlap, and everything unquantized in {@code ignore}. Where there is one
 * scheme its target is the class name {@code Linear}, the only one that releases of vLLM before
 * November 2025 and of SGLang before July 2026 look for in experts.
 *
 * <p>Groups of routed experts come first, since transformers 5 decodes all experts by the first
 * group whose target has the word {@code experts} in it.
 */
public final class CompressedTensorsConfig {
  /** The first release whose 3, 5, 6 and 7-bit packing is the one written here. */
  private static final String VERSION = "0.18.0";

  private static final String HEAD = "lm_head";
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Collection<ModuleScheme> modules;
  private final NamePatterns patterns;

  private CompressedTensorsConfig(Collection<ModuleScheme> modules) {
    this.modules = modules;
    this.patterns = new NamePatterns(modules.stream().map(ModuleScheme::name).toList(), "\\..*");
  }

  /**
   * The configuration for a model.
   *
   * @param modules every linear module of the model, routers and head included, in its order
   * @param expertsByClass whether routed experts of one scheme are targeted by the class name
   *     {@code Linear}, as older releases of SGLang need, instead of by a regular expression
   * @throws IllegalArgumentException where a scheme has no place in compressed-tensors
   */
  public static ObjectNode of(Collection<ModuleScheme> modules, boolean expertsByClass) {
    return new CompressedTensorsConfig(modules).write(expertsByClass);
  }

  private ObjectNode write(boolean expertsByClass) {
    Map<TensorScheme, List<ModuleScheme>> groups = groups();
    long expertSchemes = groups.values().stream().filter(this::holdsExperts).count();
    ObjectNode config = JSON.objectNode().put("quant_method", "compressed-tensors");
    config.put("version", VERSION).put("format", overallFormat(groups.keySet()));
    config.put("quantization_status", "compressed").putNull("global_compression_ratio");
    config.putNull("kv_cache_scheme");
    config.set("sparsity_config", JSON.objectNode());
    config.set("transform_config", JSON.objectNode());
    config.set("ignore", ignore());
    ObjectNode written = config.putObject("config_groups");
    groups.forEach(
        (scheme, members) -> {
          boolean byClass =
              groups.size() == 1 && areLinears(members)
                  || expertsByClass && expertSchemes == 1 && holdsExperts(members);
          ArrayNode targets = byClass ? JSON.arrayNode().add("Linear") : targets(members);
          written.set("group_" + written.size(), group(scheme, targets));
        });
    return config;
  }

  private Map<TensorScheme, List<ModuleScheme>> groups() {
    Map<TensorScheme, List<ModuleScheme>> groups = new LinkedHashMap<>();
    for (boolean experts : new boolean[] {true, false}) {
      modules.stream()
          .filter(module -> module.isQuantized() && module.isExpert() == experts)
          .forEach(
              module ->
                  groups
                      .computeIfAbsent(
                          CompressionFormat.written(module.scheme()), key -> new ArrayList<>())
                      .add(module));
    }
    return groups;
  }

  // Engines look heads and embeddings up by name; neither is a Linear of theirs.
  private static boolean areLinears(Collection<ModuleScheme> members) {
    return members.stream()
        .noneMatch(
            member -> member.kind() == ModuleKind.HEAD || member.kind() == ModuleKind.EMBEDDING);
  }

  private boolean holdsExperts(Collection<ModuleScheme> members) {
    return members.stream().anyMatch(ModuleScheme::isExpert);
  }

  private static String overallFormat(Set<TensorScheme> schemes) {
    Set<String> formats =
        schemes.stream()
            .map(CompressedTensorsConfig::format)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return switch (formats.size()) {
      case 0 -> "dense";
      case 1 -> formats.iterator().next();
      default -> "mixed-precision";
    };
  }

  private static String format(TensorScheme scheme) {
    return CompressionFormat.of(scheme)
        .map(CompressionFormat::jsonName)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "compressed-tensors has no format for " + scheme.label()));
  }

  private static ObjectNode group(TensorScheme scheme, ArrayNode targets) {
    ObjectNode group = JSON.objectNode();
    group.set("targets", targets);
    group.put("format", format(scheme));
    group.set("weights", QuantizationArguments.weights(scheme));
    group.set(
        "input_activations",
        scheme.hasActivation()
            ? QuantizationArguments.inputs(scheme.activation())
            : JSON.nullNode());
    return group.putNull("output_activations");
  }

  private ArrayNode ignore() {
    // No target is an embedding's, so that one need not be left out.
    List<ModuleScheme> left =
        modules.stream()
            .filter(module -> !module.isQuantized() && module.kind() != ModuleKind.EMBEDDING)
            .toList();
    ArrayNode ignore = JSON.arrayNode();
    boolean headQuantized =
        modules.stream().anyMatch(module -> module.name().equals(HEAD) && module.isQuantized());
    if (!headQuantized) {
      // Tied heads are no module of the checkpoint, but transformers still has one of this name.
      ignore.add(HEAD);
    }
    return ignore.addAll(
        targets(left.stream().filter(module -> !module.name().equals(HEAD)).toList()));
  }

  private ArrayNode targets(Collection<ModuleScheme> members) {
    Set<String> names =
        members.stream().map(ModuleScheme::name).collect(Collectors.toCollection(TreeSet::new));
    ArrayNode targets = JSON.arrayNode();
    patterns
        .matching(names)
        .forEach(expression -> targets.add("re:" + ReaderNames.with(expression)));
    return targets;
  }
}
