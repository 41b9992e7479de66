package org.alphaquant.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelConfig;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.model.design.ModelFamily;

/**
 * The family of a checkpoint and how it was recognised: by the request, else by {@code model_type},
 * else by {@code architectures}, else, if config.json has neither, by the tensor names. Names are
 * compared as a whole, since parts of them ("qwen", "olmo") are shared by several families.
 */
record FamilyDetection(ModelFamily family, String recognisedBy) {

  static FamilyDetection of(List<ModelFamily> families, Checkpoint checkpoint, String requested) {
    if (requested != null) {
      ModelFamily family = named(families, requested);
      refuseOther(families, family, checkpoint);
      return new FamilyDetection(family, "request");
    }
    ModelConfig whole = new ModelConfig(checkpoint.config());
    ModelConfig config = whole.objectOrNull("text_config").orElse(whole);
    Optional<String> type = config.textOrNull("model_type");
    List<String> classes = config.textsOrNull("architectures");
    if (classes.isEmpty()) {
      classes = whole.textsOrNull("architectures");
    }
    return byConfig(families, type, classes).orElseGet(() -> byTensors(families, checkpoint));
  }

  // A requested family counts where config.json names none; a family that it names is used as it
  // is.
  private static void refuseOther(
      List<ModelFamily> families, ModelFamily requested, Checkpoint checkpoint) {
    ModelConfig whole = new ModelConfig(checkpoint.config());
    ModelConfig config = whole.objectOrNull("text_config").orElse(whole);
    Optional<ModelFamily> own =
        config.textOrNull("model_type").flatMap(name -> byName(families, name));
    if (own.isPresent() && own.get() != requested) {
      throw config.wrong(
          "model_type",
          "is '%s', a family of its own; leave out the requested '%s'"
              .formatted(own.get().name(), requested.name()));
    }
  }

  static ModelFamily named(List<ModelFamily> families, String name) {
    return byName(families, name).orElseThrow(() -> unknown(families, "model_type '" + name + "'"));
  }

  private static Optional<FamilyDetection> byConfig(
      List<ModelFamily> families, Optional<String> type, List<String> classes) {
    Optional<ModelFamily> byType = type.flatMap(name -> byName(families, name));
    if (byType.isPresent()) {
      return byType.map(family -> new FamilyDetection(family, "model_type"));
    }
    Optional<ModelFamily> byClass =
        families.stream()
            .filter(family -> classes.stream().limit(1).anyMatch(family.architectures()::contains))
            .findFirst();
    if (byClass.isEmpty() && (type.isPresent() || !classes.isEmpty())) {
      throw unknown(families, "model_type " + type.orElse("(none)") + ", architectures " + classes);
    }
    return byClass.map(family -> new FamilyDetection(family, "architectures"));
  }

  private static FamilyDetection byTensors(List<ModelFamily> families, Checkpoint checkpoint) {
    String name = TensorSignature.of(checkpoint).modelType();
    return new FamilyDetection(
        byName(families, name)
            .orElseThrow(
                () ->
                    unknown(
                        families,
                        "no model_type or architectures, and tensors that look like " + name)),
        "tensor names");
  }

  private static Optional<ModelFamily> byName(List<ModelFamily> families, String name) {
    return families.stream().filter(family -> family.name().equals(name)).findFirst();
  }

  private static ModelException unknown(List<ModelFamily> families, String seen) {
    String known = families.stream().map(ModelFamily::name).collect(Collectors.joining(", "));
    return ModelException.unknownFamily(
        seen, "unknown model family: seen " + seen + "; known families: " + known);
  }
}
