package org.alphaquant.storage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.scheme.ModuleScheme;
import tools.jackson.databind.JsonNode;

/**
 * The content of a result, before a format lays it out.
 *
 * @param description the model
 * @param config its config.json
 * @param dtype the dtype that most of its weights have
 * @param plain the model's tensors under the family's published names, in the source's order, those
 *     of quantized weights among them
 * @param quantized modules whose weights are stored quantized, in the model's order
 * @param cached attention modules by layer whose keys and values get scales for a cache
 */
public record Content(
    ModelDescription description,
    JsonNode config,
    Dtype dtype,
    List<TensorInfo> plain,
    List<ModuleScheme> quantized,
    Map<Integer, String> cached) {

  private static final String WEIGHT = ".weight";

  public Content {
    plain = List.copyOf(plain);
    quantized = List.copyOf(quantized);
    cached = Map.copyOf(cached);
  }

  /** Without scales for a cache. */
  public Content(
      ModelDescription description,
      JsonNode config,
      Dtype dtype,
      List<TensorInfo> plain,
      List<ModuleScheme> quantized) {
    this(description, config, dtype, plain, quantized, Map.of());
  }

  /** The scales of keys and values, in the order of the layers. */
  public List<TensorInfo> cacheScales() {
    return cached.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .flatMap(layer -> CacheScales.of(layer.getValue()).stream())
        .toList();
  }

  /**
   * One tensor per piece: a quantized module's planes take the place of its weight; those of a
   * weight that the source does not hold, a tied head's, come last.
   */
  public List<PlannedTensor> pieces(StorageFormat format) {
    Map<String, ModuleScheme> left = new LinkedHashMap<>();
    quantized.forEach(module -> left.put(module.name() + WEIGHT, module));
    List<PlannedTensor> tensors = new ArrayList<>();
    for (TensorInfo tensor : plain) {
      ModuleScheme module = left.remove(tensor.name());
      if (module == null) {
        tensors.add(PlannedTensor.of(tensor));
      } else {
        tensors.addAll(planes(format, module));
      }
    }
    left.values().forEach(module -> tensors.addAll(planes(format, module)));
    return tensors;
  }

  private List<PlannedTensor> planes(StorageFormat format, ModuleScheme module) {
    return format.planes(module, dtype).stream()
        .map(plane -> PlannedTensor.of(plane.of(module.name())))
        .toList();
  }
}
