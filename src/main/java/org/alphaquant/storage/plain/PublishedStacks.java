package org.alphaquant.storage.plain;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.FusedExperts.Arrangement;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.storage.Assembly;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultTensor;

/** Puts experts into the stacked tensors that the family's published files hold them in. */
public final class PublishedStacks {

  private final Map<String, PlannedTensor> single = new LinkedHashMap<>();
  private final Map<String, PlannedTensor> stackOf = new HashMap<>();
  private final List<String> mixed = new ArrayList<>();

  private PublishedStacks(List<PlannedTensor> single) {
    single.forEach(tensor -> this.single.put(tensor.name(), tensor));
  }

  /**
   * The tensors, with experts stacked where the family's published files stack them; a stack takes
   * the place of its first piece.
   */
  static List<PlannedTensor> of(ModelDescription description, List<PlannedTensor> single) {
    return stacks(description, single).stacked();
  }

  /** The stacks that cannot be made, as their experts have different types: a sentence each. */
  static List<String> mixed(ModelDescription description, List<PlannedTensor> single) {
    return stacks(description, single).mixed;
  }

  private static PublishedStacks stacks(ModelDescription description, List<PlannedTensor> single) {
    PublishedStacks stacks = new PublishedStacks(single);
    for (LayerDescription layer : description.layerList()) {
      layer
          .fusedExperts()
          .ifPresent(fused -> stacks.add(fused, description.experts(layer.index())));
    }
    return stacks;
  }

  /** The tensors with the biases of experts stacked where they are published so. */
  public static List<PlannedTensor> biases(
      ModelDescription description, List<PlannedTensor> single) {
    PublishedStacks stacks = new PublishedStacks(single);
    for (LayerDescription layer : description.layerList()) {
      layer
          .fusedExperts()
          .filter(FusedExperts::biased)
          .ifPresent(fused -> stacks.addBiases(fused, description.experts(layer.index())));
    }
    return stacks.stacked();
  }

  private void add(FusedExperts fused, List<List<ModuleDescription>> experts) {
    add(fused.gateUp(), ".weight", fused.arrangement(), experts, List.of(0, 1));
    add(fused.down(), ".weight", fused.arrangement(), experts, List.of(2));
    if (fused.biased()) {
      addBiases(fused, experts);
    }
  }

  private void addBiases(FusedExperts fused, List<List<ModuleDescription>> experts) {
    add(FusedExperts.bias(fused.gateUp()), ".bias", fused.arrangement(), experts, List.of(0, 1));
    add(FusedExperts.bias(fused.down()), ".bias", fused.arrangement(), experts, List.of(2));
  }

  private void add(
      String name,
      String suffix,
      Arrangement arrangement,
      List<List<ModuleDescription>> experts,
      List<Integer> projections) {
    List<String> pieces = new ArrayList<>();
    experts.forEach(expert -> projections.forEach(p -> pieces.add(expert.get(p).name() + suffix)));
    Set<String> dtypes =
        pieces.stream()
            .map(piece -> single.get(piece).tensor().dtype())
            .collect(Collectors.toCollection(TreeSet::new));
    if (dtypes.size() > 1) {
      mixed.add(
          "the family's files hold the experts of %s in one tensor, but they are %s"
              .formatted(name, String.join(" and ", dtypes)));
      return;
    }
    long rows = projections.stream().mapToLong(p -> experts.get(0).get(p).outFeatures()).sum();
    long inputs = experts.get(0).get(projections.get(0)).inFeatures();
    long count = experts.size();
    boolean upright = arrangement == Arrangement.GATE_FIRST;
    List<Long> shape =
        suffix.equals(".bias")
            ? List.of(count, rows)
            : upright ? List.of(count, rows, inputs) : List.of(count, inputs, rows);
    long bytes = pieces.stream().mapToLong(piece -> single.get(piece).tensor().bytes()).sum();
    ResultTensor stored = new ResultTensor(name, dtypes.iterator().next(), shape, bytes);
    PlannedTensor stack =
        new PlannedTensor(stored, pieces, assembly(arrangement, stored, pieces.size()));
    pieces.forEach(piece -> stackOf.put(piece, stack));
  }

  private static Assembly assembly(Arrangement arrangement, ResultTensor stored, int pieces) {
    return switch (arrangement) {
      case GATE_FIRST -> Assembly.JOINED;
      case TRANSPOSED -> ColumnStack.of(stored, pieces, false);
      case INTERLEAVED -> ColumnStack.of(stored, pieces, true);
    };
  }

  private List<PlannedTensor> stacked() {
    Map<String, PlannedTensor> tensors = new LinkedHashMap<>();
    for (PlannedTensor tensor : single.values()) {
      PlannedTensor stack = stackOf.getOrDefault(tensor.name(), tensor);
      tensors.putIfAbsent(stack.name(), stack);
    }
    return List.copyOf(tensors.values());
  }
}
