package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.IntFunction;
import org.alphaquant.torch.TensorScope;

/**
 * The routed experts of one layer; they stay in the file until they are loaded.
 *
 * @param count how many there are
 * @param hidden width of the residual stream
 * @param width inner width of an expert
 * @param biased whether every linear has a bias
 * @param names module names of an expert's gate, up and down linears, in this order
 */
public record Experts(
    WeightReader reader,
    int count,
    long hidden,
    long width,
    boolean biased,
    ExpertActivation activation,
    IntFunction<List<String>> names) {

  private static final int GATE = 0;
  private static final int UP = 1;
  private static final int DOWN = 2;

  /** Module names of an expert's gate, up and down linears, in this order. */
  List<String> names(int expert) {
    return names.apply(expert);
  }

  /** How the input of an expert's gate and up (0) or down (2) projection is rounded. */
  InputRounding input(int expert, int projection) {
    return reader.overlay().input(names(expert).get(projection));
  }

  /** Bytes that one loaded expert takes. */
  long bytesEach() {
    return 3 * width * hidden * Float.BYTES;
  }

  /** Reads experts from..to-1 into a scope, straight into stacked arrays. */
  ExpertWeights load(TensorScope scope, int from, int to) {
    if (from < 0 || to > count || from >= to) {
      throw new IllegalArgumentException(
          "experts %d..%d of %s asked for; there are %d".formatted(from, to, names(0), count));
    }
    long chunk = to - from;
    NDArray gateUp = allocate(scope, chunk, 2 * width, hidden);
    NDArray down = allocate(scope, chunk, hidden, width);
    NDList biases = new NDList();
    if (biased) {
      biases.add(allocate(scope, chunk, 2 * width));
      biases.add(allocate(scope, chunk, hidden));
    }
    ExpertWeights weights = new ExpertWeights(from, gateUp, down, biases, activation);
    for (int e = from; e < to; e++) {
      place(reader.into(scope), e, weights);
    }
    return weights;
  }

  private void place(WeightReader into, int expert, ExpertWeights weights) {
    int index = expert - weights.from();
    List<String> modules = names(expert);
    into.place(weights.gateUp(), modules.get(GATE) + ".weight", index, 0);
    into.place(weights.gateUp(), modules.get(UP) + ".weight", index, width);
    into.place(weights.down(), modules.get(DOWN) + ".weight", index, 0);
    if (biased) {
      into.place(weights.biases().get(0), modules.get(GATE) + ".bias", index, 0);
      into.place(weights.biases().get(0), modules.get(UP) + ".bias", index, width);
      into.place(weights.biases().get(1), modules.get(DOWN) + ".bias", index, 0);
    }
  }

  private static NDArray allocate(TensorScope scope, long... shape) {
    return scope.run("weights.allocate", shape, scope.floats(new float[1], 1));
  }
}
