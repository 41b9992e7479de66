package org.alphaquant.scheme.plan;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.Links;
import org.alphaquant.checkpoint.TensorInfo;
import tools.jackson.databind.node.JsonNodeFactory;

/** Sources of plans, made up from their modules. */
final class Sources {

  private Sources() {}

  /** A model in bfloat16 whose head has its own weight. */
  static PlannedSource of(List<ModuleDescription> modules) {
    return of(modules, false);
  }

  /** The same of another family. */
  static PlannedSource of(String family, List<ModuleDescription> modules) {
    return of(family, modules, false);
  }

  static PlannedSource of(List<ModuleDescription> modules, boolean tied) {
    return of("olmoe", modules, tied);
  }

  private static PlannedSource of(String family, List<ModuleDescription> modules, boolean tied) {
    List<TensorInfo> plain =
        modules.stream()
            .filter(module -> !tied || module.kind() != ModuleKind.HEAD)
            .map(Sources::weight)
            .toList();
    return new PlannedSource(
        description(family, modules, tied),
        Path.of("."),
        Links.OWN,
        JsonNodeFactory.instance.objectNode().put("tie_word_embeddings", tied),
        "0".repeat(64),
        plain.stream().mapToLong(TensorInfo::bytes).sum(),
        Dtype.BF16,
        false,
        plain);
  }

  private static TensorInfo weight(ModuleDescription module) {
    return new TensorInfo(
        module.name() + ".weight", Dtype.BF16, List.of(module.outFeatures(), module.inFeatures()));
  }

  private static ModelDescription description(
      String family, List<ModuleDescription> modules, boolean tied) {
    ModuleDescription embedding =
        modules.stream()
            .filter(module -> module.kind() == ModuleKind.EMBEDDING)
            .findFirst()
            .orElse(
                new ModuleDescription("model.embed_tokens", 8, 8, ModuleKind.EMBEDDING, -1, -1));
    return new ModelDescription(
        family,
        "model_type",
        1,
        embedding.inFeatures(),
        embedding.outFeatures(),
        0,
        0,
        0,
        tied,
        embedding,
        List.of(),
        modules.stream().filter(module -> module.kind() != ModuleKind.EMBEDDING).toList(),
        List.of(),
        Map.of());
  }
}
