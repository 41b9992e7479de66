package org.alphaquant.model.design;

import ai.djl.ndarray.NDArray;
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
    WeightReader into = reader.into(scope);
    for (int e = from; e < to; e++) {
      fill(into, e, e - from, gateUp, down);
    }
    return new ExpertWeights(from, gateUp, down);
  }

  private void fill(WeightReader into, int expert, int index, NDArray gateUp, NDArray down) {
    SwiGluDesign names = design.expert(expert);
    if (reader.checkpoint().has(design.fusedGateUp())) {
      into.placeSlice(gateUp, design.fusedGateUp(), expert, index);
      into.placeSlice(down, design.fusedDown(), expert, index);
      into.overlay(gateUp, names.gate().weight(), index, 0);
      into.overlay(gateUp, names.up().weight(), index, design.width());
      into.overlay(down, names.down().weight(), index, 0);
    } else {
      into.place(gateUp, names.gate().weight(), index, 0);
      into.place(gateUp, names.up().weight(), index, design.width());
      into.place(down, names.down().weight(), index, 0);
    }
  }

  private static NDArray allocate(TensorScope scope, long... shape) {
    return scope.run("weights.allocate", shape, scope.floats(new float[1], 1));
  }
}
