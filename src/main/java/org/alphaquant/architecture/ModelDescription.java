package org.alphaquant.architecture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The contents of a checkpoint, as described by its config.json and the headers of its files.
 *
 * @param family name of the family, as config.json's {@code model_type} has it
 * @param recognisedBy what identified the family: {@code request}, {@code model_type}, {@code
 *     architectures} or {@code tensor names}
 * @param parameters elements of all tensors that take part in the forward pass
 * @param bytes stored size of those tensors
 * @param contextLength positions the model was trained for, 0 if config.json does not say
 * @param tiedHead whether the head shares the embedding's weight
 * @param embedding the token embedding
 * @param layerList one entry per layer, in order
 * @param linears every linear: by layer, the head last
 * @param unread tensors that take no part in the forward pass, to be copied as they are
 * @param defaults what the family takes keys to mean that config.json (or its part about text)
 *     lacks
 */
public record ModelDescription(
    String family,
    String recognisedBy,
    int layers,
    long hidden,
    long vocabulary,
    long parameters,
    long bytes,
    long contextLength,
    boolean tiedHead,
    ModuleDescription embedding,
    List<LayerDescription> layerList,
    List<ModuleDescription> linears,
    List<String> unread,
    Map<String, Object> defaults) {

  public ModelDescription {
    layerList = List.copyOf(layerList);
    linears = List.copyOf(linears);
    unread = List.copyOf(unread);
    defaults = Map.copyOf(defaults);
  }

  /** Routing of the first sparse layer; empty for a dense model. */
  public Optional<RoutingDescription> routing() {
    return layerList.stream().flatMap(layer -> layer.routing().stream()).findFirst();
  }

  /** The linears of each expert of a layer: gate, up and down. */
  public List<List<ModuleDescription>> experts(int layer) {
    Map<Integer, List<ModuleDescription>> experts =
        linears.stream()
            .filter(linear -> linear.layer() == layer && linear.expert() >= 0)
            .collect(
                Collectors.groupingBy(
                    ModuleDescription::expert, LinkedHashMap::new, Collectors.toList()));
    return List.copyOf(experts.values());
  }
}
