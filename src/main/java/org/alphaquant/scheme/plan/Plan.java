package org.alphaquant.scheme.plan;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.problem.Problem;
import org.alphaquant.problem.Severity;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Content;
import org.alphaquant.storage.Plane;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.RenamedLinears;
import org.alphaquant.storage.serving.ServedCheckpoint;
import org.alphaquant.storage.serving.TargetRuntime;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The contract of a job: every tensor that its result will hold. The answer to a client, the files
 * that a run writes, config.json and the check of the reopened files are all derived from it.
 *
 * @param format how the result is stored
 * @param target the program that is to serve it
 * @param source SHA-256 of the source's headers and config.json, which a run must find unchanged
 * @param content what the result holds
 * @param modules every module that can be quantized, with its scheme, in the model's order
 * @param tensors every tensor of the result, in the order in which they are written; empty where
 *     the format cannot hold a module
 * @param sourceBytes size of the source's tensors
 * @param findings errors, warnings and notes, those of the configuration first
 */
public record Plan(
    StorageFormat format,
    TargetRuntime target,
    String source,
    Content content,
    List<ModuleScheme> modules,
    List<PlannedTensor> tensors,
    long sourceBytes,
    List<Problem> findings) {

  private static final double UNQUANTIZED_BITS = 16;
  private static final String WEIGHT = ".weight";

  /** The keys of config.json that describe how a source is quantized. */
  private static final List<String> OLD_QUANTIZATION =
      List.of("quantization_config", "compression_config");

  public Plan {
    modules = List.copyOf(modules);
    tensors = List.copyOf(tensors);
    findings = List.copyOf(findings);
  }

  /** The findings that prevent the job from running. */
  public List<Problem> errors() {
    return findings.stream().filter(Problem::isError).toList();
  }

  /** The dtype that most of the model's weights have. */
  public Dtype dtype() {
    return content.dtype();
  }

  /**
   * Tensors of the model and planes of quantized weights that no planned tensor holds, though the
   * format does not say that it leaves them out; none in a sound plan.
   */
  public Set<String> lost() {
    Set<String> lost = new LinkedHashSet<>();
    content.plain().forEach(tensor -> lost.add(tensor.name()));
    lost.removeAll(format.leavesOut(content));
    for (ModuleScheme module : content.quantized()) {
      lost.remove(module.name() + ".weight");
      format
          .planes(module, dtype())
          .forEach(plane -> lost.add(module.name() + "." + plane.suffix()));
    }
    tensors.forEach(tensor -> tensor.pieces().forEach(lost::remove));
    return lost;
  }

  /** Size of the written tensors. */
  public long outputBytes() {
    return tensors.stream().mapToLong(tensor -> tensor.tensor().bytes()).sum();
  }

  /** Stored bits per weight over the quantized modules, all planes counted; 16 without any. */
  public double bitsPerWeight() {
    long weights =
        content.quantized().stream().mapToLong(module -> module.module().elements()).sum();
    long bytes = content.quantized().stream().mapToLong(sizes()).sum();
    return weights == 0 ? UNQUANTIZED_BITS : (double) bytes * Byte.SIZE / weights;
  }

  /** The stored size of each module's weight without its bias; 0 for a module without tensors. */
  public ToLongFunction<ModuleScheme> sizes() {
    Map<String, TensorInfo> plain = new HashMap<>();
    content.plain().forEach(tensor -> plain.put(tensor.name(), tensor));
    return module ->
        module.isQuantized()
            ? tensors.isEmpty()
                ? 0
                : format.planes(module, dtype()).stream().mapToLong(Plane::bytes).sum()
            : plain.containsKey(module.name() + ".weight")
                ? plain.get(module.name() + ".weight").bytes()
                : 0;
  }

  /** The errors and warnings of each engine that reads the format, without notes. */
  public Map<TargetRuntime, List<Problem>> readers() {
    ServedCheckpoint served = new ServedCheckpoint(content.description().family(), modules);
    Map<TargetRuntime, List<Problem>> readers = new EnumMap<>(TargetRuntime.class);
    for (TargetRuntime engine : format.readers().keySet()) {
      List<Problem> findings = EngineRules.check(format, served, engine);
      readers.put(engine, findings.stream().filter(it -> it.severity() != Severity.NOTE).toList());
    }
    return readers;
  }

  /** The modules by scheme, largest first. */
  public List<SchemeGroup> groups() {
    return SchemeGroup.of(modules, sizes());
  }

  /** The result's config.json. */
  public ObjectNode config() {
    ObjectNode config = (ObjectNode) content.config().deepCopy();
    OLD_QUANTIZATION.forEach(config::remove);
    if (config.get("text_config") instanceof ObjectNode text) {
      OLD_QUANTIZATION.forEach(text::remove);
    }
    // Readers of a file with a head of its own differ in which one they take where this says tied.
    if (unties() || !content.description().tiedHead() && isTied(config)) {
      untie(config);
    }
    narrow(config);
    if (!content.quantized().isEmpty()) {
      format
          .config(configured(), target == TargetRuntime.SGLANG)
          .ifPresent(quantization -> config.set("quantization_config", withCache(quantization)));
    }
    return config;
  }

  private ObjectNode withCache(ObjectNode quantization) {
    if (!content.cached().isEmpty()) {
      quantization.set("kv_cache_scheme", format.keyValueCacheScheme().orElseThrow());
    }
    return quantization;
  }

  /** Whether a head that shares the embedding's weight in the source gets its own. */
  public boolean unties() {
    return Untying.isDone(content);
  }

  // No tensor of a result is float64.
  private static void narrow(ObjectNode config) {
    for (String key : List.of("torch_dtype", "dtype")) {
      if (config.path(key).asString("").equals("float64")) {
        config.put(key, "float32");
      }
    }
    if (config.get("text_config") instanceof ObjectNode text) {
      narrow(text);
    }
  }

  private static boolean isTied(JsonNode config) {
    return Stream.of(config, config.path("text_config"))
        .anyMatch(it -> it.path("tie_word_embeddings").asBoolean(false));
  }

  private static void untie(ObjectNode config) {
    config.put("tie_word_embeddings", false);
    if (config.get("text_config") instanceof ObjectNode text && text.has("tie_word_embeddings")) {
      text.put("tie_word_embeddings", false);
    }
  }

  // Engines look up every linear: layers that predict further tokens, the indexers of sparse
  // attention, and what makes the decays of a gated delta net.
  private List<ModuleScheme> configured() {
    Set<String> known = modules.stream().map(ModuleScheme::name).collect(Collectors.toSet());
    known.add(content.description().embedding().name());
    Stream<ModuleScheme> others =
        content.plain().stream()
            .filter(tensor -> tensor.name().endsWith(WEIGHT))
            .filter(tensor -> tensor.shape().size() == 2 && tensor.elements() > 0)
            .map(Plan::other)
            .filter(module -> !known.contains(module.name()))
            .map(ModuleScheme::untouched);
    return Stream.of(modules.stream(), others, renamed()).flatMap(it -> it).toList();
  }

  private Stream<ModuleScheme> renamed() {
    return modules.stream()
        .flatMap(
            module ->
                RenamedLinears.of(content.description().family(), module.name()).stream()
                    .map(module::named));
  }

  private static ModuleDescription other(TensorInfo tensor) {
    String name = tensor.name().substring(0, tensor.name().length() - WEIGHT.length());
    long rows = tensor.shape().get(0);
    return new ModuleDescription(name, rows, tensor.shape().get(1), ModuleKind.UNREAD, -1, -1);
  }
}
