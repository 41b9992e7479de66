package org.alphaquant.quantize;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * What is kept of the inputs of a layer's experts.
 *
 * @param file of the layer
 * @param evidence what the tokens of each expert count beside what they do by themselves
 */
record KeptExperts(MoeFeedForward block, SafetensorsFile file, double[] evidence) {

  /** One of the two inputs of every expert. */
  enum Projection {
    GATE_AND_UP,
    DOWN
  }

  boolean isUnseen(int expert) {
    return statistics(Projection.DOWN, expert).tokens() == 0;
  }

  /**
   * What one (token, slot) pair of the layer adds on average, [K, K].
   *
   * @param width K
   * @param like on the device
   */
  NDArray mean(TensorScope parent, Projection projection, long width, NDArray like) {
    NDArray total = parent.run("tensor.zeros_square_double", like, width);
    double pairs = 0;
    for (int e = 0; e < evidence.length; e++) {
      try (TensorScope scope = parent.child("expert")) {
        NDArray own = KeptInput.hessians(scope, file, List.of(name(projection, e)), width, like);
        scope.runInPlace("kept.add", total, own, evidence[e]);
      }
      pairs += evidence[e] * statistics(projection, e).tokens();
    }
    return parent.run("kept.mean", total, pairs);
  }

  /** What a pair counts on average. */
  private double meanWeight(Projection projection) {
    double weights = 0;
    double pairs = 0;
    for (int e = 0; e < evidence.length; e++) {
      weights += evidence[e] * statistics(projection, e).weight();
      pairs += evidence[e] * statistics(projection, e).tokens();
    }
    return pairs == 0 ? 0 : weights / pairs;
  }

  /**
   * What experts {@code from..to-1} are solved with, and what part of it is the layer's mean.
   *
   * @param mean the layer's
   */
  Shrunk shrunk(
      TensorScope scope, Projection projection, int from, int to, NDArray mean, Shrinkage by) {
    List<String> names = IntStream.range(from, to).mapToObj(e -> name(projection, e)).toList();
    List<KeptInput> inputs = names.stream().map(name -> KeptInput.statistics(file, name)).toList();
    NDArray hessians = KeptInput.hessians(scope, file, names, mean.getShape().get(0), mean);
    double[] factors = Arrays.copyOfRange(evidence, from, to);
    scope.runInPlace("kept.scaled", hessians, factors);
    double[] statistics =
        IntStream.range(0, inputs.size())
            .mapToObj(c -> inputs.get(c).counting(factors[c]))
            .flatMapToDouble(
                it -> Arrays.stream(new double[] {it.weight(), it.squares(), it.fourth()}))
            .toArray();
    double tokens = by.tokens() == null ? -1 : by.tokens();
    NDArray shares =
        scope.run("kept.shrink", hessians, mean, statistics, meanWeight(projection), tokens);
    return new Shrunk(
        new CalibratedInput(hessians, largest(scope, projection, inputs)), scope.toFloats(shares));
  }

  // Where no token came, the layer's largest.
  private NDArray largest(TensorScope scope, Projection projection, List<KeptInput> inputs) {
    double all =
        IntStream.range(0, evidence.length)
            .mapToDouble(e -> statistics(projection, e).largest())
            .max()
            .orElse(0);
    float[] own = new float[inputs.size()];
    for (int c = 0; c < own.length; c++) {
      double largest = inputs.get(c).largest();
      own[c] = (float) (largest > 0 ? largest : all);
    }
    return scope.floats(own, own.length);
  }

  /** Shrunk Hessians, and the layer's part of each. */
  record Shrunk(CalibratedInput input, float[] shares) {}

  private KeptInput statistics(Projection projection, int expert) {
    return KeptInput.statistics(file, name(projection, expert));
  }

  private String name(Projection projection, int expert) {
    return projection == Projection.DOWN ? block.down(expert) : block.first(expert).get(0);
  }
}
