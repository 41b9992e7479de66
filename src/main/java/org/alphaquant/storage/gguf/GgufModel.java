package org.alphaquant.storage.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.architecture.ModelDescription;
import tools.jackson.databind.JsonNode;

/** A model in llama.cpp's form: metadata and tensors. */
final class GgufModel {

  private final EngineFamily family;
  private final FamilyConfig config;
  private final EngineLayout layout;

  private GgufModel(EngineFamily family, FamilyConfig config, EngineLayout layout) {
    this.family = family;
    this.config = config;
    this.layout = layout;
  }

  /**
   * Empty for a family that llama.cpp has no architecture for.
   *
   * @param shapes of the model's tensors by name, experts one by one
   */
  static Optional<GgufModel> of(
      JsonNode config, ModelDescription model, Map<String, List<Long>> shapes) {
    FamilyConfig known = FamilyConfig.of(config, model, shapes.keySet());
    return EngineFamilies.of(model.family())
        .map(family -> new GgufModel(family, known, EngineLayout.of(family, known, shapes)));
  }

  /** What llama.cpp would compute differently from the model, as sentences. */
  List<String> differences() {
    List<String> differences = new ArrayList<>(family.obstacles().apply(config));
    differences.addAll(CommonKeys.obstacles(family.architecture(), config));
    if (!isPublishedSo()) {
      differences.addAll(CommonKeys.stretching(family.architecture(), config));
    }
    return differences;
  }

  /** What llama.cpp computes differently from the model in every file that is published for it. */
  List<String> knownDifferences() {
    return isPublishedSo() ? CommonKeys.stretching(family.architecture(), config) : List.of();
  }

  private boolean isPublishedSo() {
    return config.model().family().equals("gpt_oss");
  }

  /** The first tensor that the architecture has no place for. */
  List<String> homeless() {
    return layout.homeless().stream()
        .limit(1)
        .map(
            name ->
                "llama.cpp's architecture %s has no place for %s"
                    .formatted(family.architecture(), name))
        .toList();
  }

  List<EngineTensor> tensors() {
    return layout.tensors();
  }

  /** Metadata without the tokenizer's. */
  Map<String, MetadataValue> metadata(String name) {
    EngineKeys keys = new EngineKeys(family.architecture());
    CommonKeys.write(config, keys);
    family.keys().accept(config, keys);
    Map<String, MetadataValue> metadata = new LinkedHashMap<>(keys.values());
    metadata.put("general.type", MetadataValue.string("model"));
    metadata.put("general.name", MetadataValue.string(name));
    metadata.put("general.quantization_version", MetadataValue.u32(2));
    return metadata;
  }
}
