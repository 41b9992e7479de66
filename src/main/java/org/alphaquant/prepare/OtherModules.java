package org.alphaquant.prepare;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.TensorInfo;

/** The modules of a model that have a weight and are no linears: norms and the embedding. */
final class OtherModules {

  private static final String WEIGHT = ".weight";

  private OtherModules() {}

  /**
   * @param plain the model's tensors when they are plain
   */
  static List<ModuleDescription> of(ModelDescription description, List<TensorInfo> plain) {
    Set<String> known =
        description.linears().stream()
            .map(linear -> linear.name() + WEIGHT)
            .collect(Collectors.toCollection(HashSet::new));
    known.addAll(description.unread());
    return plain.stream()
        .filter(tensor -> tensor.name().endsWith(WEIGHT) && !known.contains(tensor.name()))
        .filter(tensor -> tensor.elements() > 0 && tensor.shape().size() <= 2)
        .map(tensor -> module(description, tensor))
        .toList();
  }

  private static ModuleDescription module(ModelDescription description, TensorInfo tensor) {
    String name = tensor.name().substring(0, tensor.name().length() - WEIGHT.length());
    return name.equals(description.embedding().name())
        ? description.embedding()
        : new ModuleDescription(name, tensor.elements(), 1, ModuleKind.NORM, -1, -1);
  }
}
