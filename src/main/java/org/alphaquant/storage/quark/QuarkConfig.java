package org.alphaquant.storage.quark;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.NamePatterns;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * MX formats in the layout of AMD Quark 0.12: dense codes in bytes, E8M0 scales beside them, and a
 * {@code quantization_config} with one global scheme and exceptions by glob.
 */
final class QuarkConfig {
  /** The element types that are written, by their names there. */
  static final Map<NumberFormat, String> DTYPES =
      Map.of(
          NumberFormat.MXFP4, "fp4",
          NumberFormat.MXFP6_E2M3, "fp6_e2m3",
          NumberFormat.MXFP6_E3M2, "fp6_e3m2");

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Collection<ModuleScheme> modules;
  private final List<String> names;

  private QuarkConfig(Collection<ModuleScheme> modules) {
    this.modules = modules;
    this.names = modules.stream().map(ModuleScheme::name).toList();
  }

  static ObjectNode of(Collection<ModuleScheme> modules) {
    return new QuarkConfig(modules).write();
  }

  private ObjectNode write() {
    TensorScheme global = global();
    ObjectNode config = JSON.objectNode();
    config.put("quant_method", "quark").put("quant_mode", "eager_mode").put("version", "0.12");
    config.putNull("algo_config").set("exclude", exclude());
    config.set("export", export());
    config.set("global_quant_config", scheme(global));
    ObjectNode exceptions = config.putObject("layer_quant_config");
    globs(global).forEach((glob, scheme) -> exceptions.set(glob, scheme(scheme)));
    config.putObject("layer_type_quant_config");
    config.putObject("kv_cache_quant_config");
    return config.put("kv_cache_post_rope", false).putNull("softmax_quant_spec");
  }

  private TensorScheme global() {
    Stream<ModuleScheme> expertsFirst =
        Stream.concat(modules.stream().filter(ModuleScheme::isExpert), modules.stream());
    return expertsFirst.filter(ModuleScheme::isQuantized).findFirst().orElseThrow().scheme();
  }

  private ArrayNode exclude() {
    ArrayNode exclude = JSON.arrayNode();
    NamePatterns patterns = new NamePatterns(names, "\\..*");
    patterns
        .matching(namesWhere(module -> !module.isQuantized()))
        .forEach(expression -> exclude.add("re:" + expression));
    if (!names.contains("lm_head")) {
      exclude.add("lm_head");
    }
    return exclude;
  }

  private Set<String> namesWhere(Predicate<ModuleScheme> condition) {
    return modules.stream()
        .filter(condition)
        .map(ModuleScheme::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Names with their numbers left out, where all of them agree, and single names elsewhere. */
  private Map<String, TensorScheme> globs(TensorScheme global) {
    Map<String, TensorScheme> globs = new LinkedHashMap<>();
    modules.stream()
        .filter(module -> module.isQuantized() && !module.scheme().equals(global))
        .forEach(module -> globs.put(glob(module), module.scheme()));
    return globs;
  }

  private String glob(ModuleScheme module) {
    String glob = module.name().replaceAll("(?<=\\.)\\d+(?=\\.|$)", "*");
    String expression = glob.replace(".", "\\.").replace("*", ".*");
    boolean agreed =
        modules.stream()
            .filter(other -> other.name().matches(expression))
            .allMatch(other -> other.scheme().equals(module.scheme()));
    return agreed ? glob : module.name();
  }

  private static ObjectNode export() {
    ObjectNode export = JSON.objectNode();
    export.putArray("kv_cache_group");
    export.put("min_kv_scale", 0.0).put("pack_method", "reorder");
    return export.put("weight_format", "real_quantized").putNull("weight_merge_groups");
  }

  private static ObjectNode scheme(TensorScheme scheme) {
    ObjectNode config = JSON.objectNode().putNull("bias");
    boolean inputs = scheme.activation() == scheme.format();
    JsonNode input = inputs ? tensor(scheme.format(), true) : JSON.nullNode();
    config.set("input_tensors", input);
    config.putNull("output_tensors").putNull("target_device");
    return config.set("weight", tensor(scheme.format(), false));
  }

  private static ObjectNode tensor(NumberFormat format, boolean dynamic) {
    ObjectNode tensor = JSON.objectNode().put("ch_axis", -1).put("dtype", DTYPES.get(format));
    tensor.put("group_size", format.blockSize()).put("is_dynamic", dynamic);
    tensor.put("is_scale_quant", false).putNull("mx_element_dtype");
    tensor.put("observer_cls", "PerBlockMXObserver").put("qscheme", "per_group");
    tensor.put("round_method", "half_even").put("scale_calculation_mode", "even");
    return tensor.put("scale_format", "e8m0").put("scale_type", "float").putNull("symmetric");
  }
}
