package org.alphaquant.storage.mxfp4;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.architecture.FusedExperts;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.storage.PlannedTensor;
import org.alphaquant.storage.ResultTensor;
import org.alphaquant.storage.source.mxfp4.Mxfp4;

/**
 * Puts the planes of experts into the stacks that gpt-oss has: {@code gate_up_proj_blocks} [E, 2M,
 * H/32, 16] with gate and up by turns, {@code gate_up_proj_scales} [E, 2M, H/32], and the same of
 * {@code down_proj} with H rows of M inputs.
 */
final class Mxfp4Stacks {

  private static final long BLOCK = 32;

  private final Map<String, PlannedTensor> stackOf = new HashMap<>();

  private Mxfp4Stacks() {}

  /** The tensors with experts stacked; a stack takes the place of its first piece. */
  static List<PlannedTensor> of(ModelDescription description, List<PlannedTensor> single) {
    Mxfp4Stacks stacks = new Mxfp4Stacks();
    for (LayerDescription layer : description.layerList()) {
      layer
          .fusedExperts()
          .ifPresent(fused -> stacks.add(fused, description.experts(layer.index())));
    }
    Map<String, PlannedTensor> tensors = new LinkedHashMap<>();
    for (PlannedTensor tensor : single) {
      PlannedTensor stack = stacks.stackOf.getOrDefault(tensor.name(), tensor);
      tensors.putIfAbsent(stack.name(), stack);
    }
    return List.copyOf(tensors.values());
  }

  private void add(FusedExperts fused, List<List<ModuleDescription>> experts) {
    add(fused.gateUp(), experts, List.of(0, 1));
    add(fused.down(), experts, List.of(2));
  }

  private void add(String name, List<List<ModuleDescription>> experts, List<Integer> projections) {
    ModuleDescription first = experts.get(0).get(projections.get(0));
    long count = experts.size();
    long rows = projections.size() * first.outFeatures();
    long groups = first.inFeatures() / BLOCK;
    List<Long> blocks = List.of(count, rows, groups, BLOCK / 2);
    add(Mxfp4.blocks(name), blocks, Mxfp4Planes.BLOCKS, experts, projections);
    List<Long> scales = List.of(count, rows, groups);
    add(Mxfp4.scales(name), scales, Mxfp4Planes.SCALES, experts, projections);
  }

  private void add(
      String name,
      List<Long> shape,
      String plane,
      List<List<ModuleDescription>> experts,
      List<Integer> projections) {
    List<String> pieces = new ArrayList<>();
    experts.forEach(
        expert -> projections.forEach(p -> pieces.add(expert.get(p).name() + "." + plane)));
    long bytes = shape.stream().reduce(1L, (a, b) -> a * b);
    int rowBytes = Math.toIntExact(bytes / shape.get(0) / shape.get(1));
    ResultTensor stored = new ResultTensor(name, Dtype.U8.name(), shape, bytes);
    PlannedTensor stack =
        new PlannedTensor(stored, pieces, new AlternatingRows(projections.size(), rowBytes));
    pieces.forEach(piece -> stackOf.put(piece, stack));
  }
}
