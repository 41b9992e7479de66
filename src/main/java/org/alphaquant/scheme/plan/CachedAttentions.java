package org.alphaquant.scheme.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.problem.Problem;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.TargetRuntime;

/**
 * The attention modules whose keys and values get scales for an fp8 cache, and the reasons against
 * it. Engines read one scale for each; for latent attention, which caches a latent vector, they
 * read none from a checkpoint.
 *
 * @param modules by layer
 */
record CachedAttentions(Map<Integer, String> modules, List<Problem> findings) {

  private static final String POINTER = "/kv_cache";

  static CachedAttentions none() {
    return new CachedAttentions(Map.of(), List.of());
  }

  static CachedAttentions of(
      ModelDescription description,
      StorageFormat format,
      List<ModuleScheme> quantized,
      TargetRuntime target) {
    Map<Integer, String> modules = new TreeMap<>();
    boolean latent = false;
    for (LayerDescription layer : description.layerList()) {
      latent |= layer.attention().equals("latent");
      if (layer.attention().equals("grouped-query")) {
        module(description, layer.index()).ifPresent(name -> modules.put(layer.index(), name));
      }
    }
    List<Problem> findings = findings(format, quantized, modules, latent);
    if (findings.isEmpty() && target == TargetRuntime.SGLANG) {
      findings.add(
          Problem.warning(
              "kv-cache-scales",
              POINTER,
              null,
              "SGLang's reader of compressed-tensors makes no place for scales of keys and values; it"
                  + " takes them from a file of their own (--quantization-param-path)"));
    }
    return new CachedAttentions(
        findings.stream().anyMatch(Problem::isError) ? Map.of() : modules, findings);
  }

  private static List<Problem> findings(
      StorageFormat format,
      List<ModuleScheme> quantized,
      Map<Integer, String> modules,
      boolean latent) {
    List<Problem> findings = new ArrayList<>();
    if (latent || modules.isEmpty()) {
      String what = latent ? "caches one latent vector for keys and values" : "has no attention";
      findings.add(
          error("kv-cache-latent", "the model " + what + ", and no engine reads scales of that"));
    }
    if (format.keyValueCacheScheme().isEmpty()) {
      findings.add(
          error(
              "kv-cache-format",
              format.name()
                  + " has no place for scales of keys and values; compressed-tensors has"));
    }
    if (quantized.isEmpty()) {
      findings.add(
          error(
              "kv-cache-alone",
              "scales of keys and values are written beside quantized weights, and there are none"));
    }
    return findings;
  }

  private static Problem error(String code, String detail) {
    return Problem.error(code, POINTER, "fp8", detail);
  }

  // The module that its projections of keys belong to.
  private static Optional<String> module(ModelDescription description, int layer) {
    return description.linears().stream()
        .filter(linear -> linear.layer() == layer)
        .map(ModuleDescription::name)
        .filter(name -> name.endsWith(".k_proj") || name.endsWith(".qkv_proj"))
        .map(name -> name.substring(0, name.lastIndexOf('.')))
        .findFirst();
  }
}
