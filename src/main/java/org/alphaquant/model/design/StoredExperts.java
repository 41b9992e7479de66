package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.alphaquant.model.ExpertWeights;
import org.alphaquant.model.Experts;
import org.alphaquant.model.InputRounding;
import org.alphaquant.torch.TensorScope;

/** Experts read from the checkpoint when asked for, straight into stacked arrays. */
record StoredExperts(ExpertsDesign design, WeightReader reader) implements Experts {

  @Override
  public int count() {
    return design.count();
  }

  @Override
  public List<String> names(int expert) {
    return design.expert(expert).linears().stream().map(LinearDesign::name).toList();
  }

  @Override
  public InputRounding input(int expert, int projection) {
    return reader.overlay().input(names(expert).get(projection));
  }

  @Override
  public long bytesEach() {
    return 3 * design.width() * design.hidden() * Float.BYTES;
  }

  @Override
  public ExpertWeights load(TensorScope scope, int from, int to) {
    if (from < 0 || to > count() || from >= to) {
      throw new IllegalArgumentException(
          "experts %d..%d of %s asked for; it has %d"
              .formatted(from, to, design.module(), count()));
    }
    long chunk = to - from;
    NDArray gateUp = allocate(scope, chunk, 2 * design.width(), design.hidden());
    NDArray down = allocate(scope, chunk, design.hidden(), design.width());
    NDList biases = new NDList();
    if (design.biased()) {
      biases.add(allocate(scope, chunk, 2 * design.width()));
      biases.add(allocate(scope, chunk, design.hidden()));
    }
    ExpertWeights weights = new ExpertWeights(from, gateUp, down, biases, design.activation());
    WeightReader into = reader.into(scope);
    for (int e = from; e < to; e++) {
      fill(into, e, weights);
    }
    return weights;
  }

  private void fill(WeightReader into, int expert, ExpertWeights weights) {
    int index = expert - weights.from();
    if (design.biased() && InterleavedExperts.fused(design, reader.checkpoint()::has)) {
      new InterleavedExperts(design)
          .fill(into, expert, index, weights.gateUp(), weights.down(), weights.biases());
      overlay(into, expert, index, weights);
    } else if (reader.checkpoint().has(design.fusedGateUp())) {
      into.placeSlice(weights.gateUp(), design.fusedGateUp(), expert, index);
      into.placeSlice(weights.down(), design.fusedDown(), expert, index);
      overlay(into, expert, index, weights);
    } else {
      place(into, expert, index, weights);
    }
  }

  private void overlay(WeightReader into, int expert, int index, ExpertWeights weights) {
    SwiGluDesign names = design.expert(expert);
    into.overlay(weights.gateUp(), names.gate().weight(), index, 0);
    into.overlay(weights.gateUp(), names.up().weight(), index, design.width());
    into.overlay(weights.down(), names.down().weight(), index, 0);
  }

  private void place(WeightReader into, int expert, int index, ExpertWeights weights) {
    SwiGluDesign names = design.expert(expert);
    into.place(weights.gateUp(), names.gate().weight(), index, 0);
    into.place(weights.gateUp(), names.up().weight(), index, design.width());
    into.place(weights.down(), names.down().weight(), index, 0);
    if (design.biased()) {
      into.place(weights.biases().get(0), names.gate().biasTensor(), index, 0);
      into.place(weights.biases().get(0), names.up().biasTensor(), index, design.width());
      into.place(weights.biases().get(1), names.down().biasTensor(), index, 0);
    }
  }

  private static NDArray allocate(TensorScope scope, long... shape) {
    return scope.run("weights.allocate", shape, scope.floats(new float[1], 1));
  }
}
