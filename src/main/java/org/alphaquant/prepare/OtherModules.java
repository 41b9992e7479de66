package org.alphaquant.prepare;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.TensorInfo;

/** The modules of a model that have a weight and are no linears: norms and embeddings. */
final class OtherModules {

  private static final String WEIGHT = ".weight";

  private OtherModules() {}

  static List<ModuleDescription> of(Checkpoint checkpoint, ModelDescription description) {
    Set<String> known =
        description.linears().stream()
            .map(ModuleDescription::name)
            .map(name -> name + WEIGHT)
            .collect(Collectors.toCollection(HashSet::new));
    known.addAll(description.unread());
    return checkpoint.names().stream()
        .filter(name -> name.endsWith(WEIGHT) && !known.contains(name))
        .map(checkpoint::info)
        .filter(tensor -> tensor.elements() > 0 && tensor.shape().size() <= 2)
        .map(OtherModules::module)
        .toList();
  }

  private static ModuleDescription module(TensorInfo tensor) {
    String name = tensor.name().substring(0, tensor.name().length() - WEIGHT.length());
    boolean vector = tensor.shape().size() < 2;
    long inputs = vector ? 1 : tensor.shape().get(1);
    return new ModuleDescription(
        name,
        tensor.elements() / inputs,
        inputs,
        vector ? ModuleKind.NORM : ModuleKind.EMBEDDING,
        -1,
        -1);
  }
}
