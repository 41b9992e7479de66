package org.alphaquant.storage.gptq;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.NamePatterns;
import org.alphaquant.storage.serving.JoinedModules;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code quantization_config} of GPTQ, version 1 (GPTQModel, {@code quantization/config.py}).
 *
 * <p>The base is the routed experts' scheme, since vLLM chooses its expert kernel by that alone.
 * All other modules use {@code dynamic} rules, which match checkpoint names and the names of the
 * joint modules that vLLM asks for; the rules for unquantized modules come first, as GPTQModel
 * applies those first and vLLM goes in order.
 */
final class GptqConfig {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Map<String, TensorScheme> schemes;
  private final TensorScheme base;
  private final NamePatterns patterns;

  private GptqConfig(Collection<ModuleScheme> modules) {
    this.schemes = schemes(modules);
    this.base = base(modules);
    this.patterns = new NamePatterns(schemes.keySet(), ".*");
  }

  static ObjectNode of(Collection<ModuleScheme> modules) {
    return new GptqConfig(modules).write();
  }

  private static Map<String, TensorScheme> schemes(Collection<ModuleScheme> modules) {
    Map<String, TensorScheme> schemes = new LinkedHashMap<>();
    modules.forEach(module -> schemes.put(module.name(), module.scheme()));
    JoinedModules.of(modules).stream()
        .filter(unit -> unit.isUniform() && !unit.isExperts())
        .forEach(unit -> schemes.put(unit.name(), unit.members().get(0).scheme()));
    return schemes;
  }

  private static TensorScheme base(Collection<ModuleScheme> modules) {
    Stream<ModuleScheme> expertsFirst =
        Stream.concat(modules.stream().filter(ModuleScheme::isExpert), modules.stream());
    return expertsFirst.filter(ModuleScheme::isQuantized).findFirst().orElseThrow().scheme();
  }

  private ObjectNode write() {
    ObjectNode config = JSON.objectNode();
    config.put("quant_method", "gptq").put("method", "gptq");
    config.put("format", "gptq").put("checkpoint_format", "gptq");
    config.put("bits", base.format().bits()).put("group_size", base.groupSize());
    config.put("desc_act", false).put("sym", true);
    config.put(
        "lm_head", !schemes.getOrDefault("lm_head", TensorScheme.UNQUANTIZED).isUnquantized());
    config.put("pack_dtype", "int32");
    ObjectNode rules = dynamic();
    if (!rules.isEmpty()) {
      config.set("dynamic", rules);
    }
    config.putObject("meta").putArray("quantizer").add("alphaquant:0.1.0");
    return config;
  }

  private ObjectNode dynamic() {
    ObjectNode rules = JSON.objectNode();
    expressions(TensorScheme.UNQUANTIZED)
        .forEach(expression -> rules.set("-:" + expression, JSON.objectNode()));
    for (TensorScheme scheme : new LinkedHashSet<>(schemes.values())) {
      if (!scheme.isUnquantized() && !sameNumbers(scheme, base)) {
        ObjectNode values =
            JSON.objectNode()
                .put("bits", scheme.format().bits())
                .put("group_size", scheme.groupSize());
        expressions(scheme).forEach(expression -> rules.set("+:" + expression, values));
      }
    }
    return rules;
  }

  private static boolean sameNumbers(TensorScheme one, TensorScheme other) {
    return one.format() == other.format() && one.groupSize() == other.groupSize();
  }

  private List<String> expressions(TensorScheme scheme) {
    Set<String> names =
        schemes.entrySet().stream()
            .filter(entry -> entry.getValue().equals(scheme))
            .map(Map.Entry::getKey)
            .collect(Collectors.toCollection(TreeSet::new));
    return patterns.matching(names);
  }
}
