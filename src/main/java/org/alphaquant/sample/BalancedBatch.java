package org.alphaquant.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.MoeFeedForward;
import org.alphaquant.torch.TensorScope;

/**
 * Sequences that are written together under an expert-balance term. Every sequence has several
 * beams; each draws candidates from the model's distribution, and those survive whose text is
 * probable and whose experts, together with what the batch's other sequences use, are even. A
 * candidate's own experts are known, and count, one token later.
 */
final class BalancedBatch implements AutoCloseable {

  private final TensorScope scope;
  private final Balance balance;
  private final Continuation sequences;
  private final int groups;
  private final NDArray wanted;
  private NDArray counts;
  private NDArray written;
  private NDArray logarithms;

  /**
   * @param shares what part of a layer's choices each expert is to have, by layer; even where a
   *     layer has none
   * @param prompts beginnings of the sequences, [groups][n]
   * @param length tokens of a sequence in the end
   */
  BalancedBatch(
      TensorScope parent,
      Model model,
      List<DecoderLayer> layers,
      Balance balance,
      Map<Integer, double[]> shares,
      long[][] prompts,
      long length) {
    this.scope = parent.child("balanced batch");
    this.balance = balance;
    this.groups = prompts.length;
    List<Integer> sparse =
        IntStream.range(0, layers.size())
            .filter(i -> layers.get(i).feedForward() instanceof MoeFeedForward)
            .boxed()
            .toList();
    int experts =
        sparse.stream()
            .mapToInt(i -> ((MoeFeedForward) layers.get(i).feedForward()).experts())
            .max()
            .orElseThrow(() -> new IllegalArgumentException("a dense model has no experts"));
    this.sequences =
        new Continuation(
            scope,
            model,
            layers,
            length,
            (work, layer, x) -> count(work, layers, sparse.indexOf(layer), layer, x));
    if (!sequences.isCached()) {
      throw new IllegalArgumentException(
          "beam search needs attention that can continue from a cache");
    }
    long rows = (long) groups * balance.beams();
    NDArray any = scope.floats(new float[1], 1);
    this.wanted = scope.floats(wanted(sparse, shares, experts), sparse.size(), experts);
    this.counts = scope.run("sample.no_counts", any, rows, sparse.size(), experts);
    this.logarithms = scope.run("tensor.zeros", any, rows);
    this.written = scope.longs(repeated(prompts), rows, prompts[0].length);
  }

  // In means of a layer.
  private static float[] wanted(List<Integer> sparse, Map<Integer, double[]> shares, int experts) {
    float[] wanted = new float[sparse.size() * experts];
    Arrays.fill(wanted, 1);
    for (int place = 0; place < sparse.size(); place++) {
      double[] own = shares.getOrDefault(sparse.get(place), new double[0]);
      for (int e = 0; e < own.length; e++) {
        wanted[place * experts + e] = (float) (own[e] * experts);
      }
    }
    return wanted;
  }

  private void count(TensorScope work, List<DecoderLayer> layers, int place, int layer, NDArray x) {
    if (place >= 0) {
      MoeFeedForward moe = (MoeFeedForward) layers.get(layer).feedForward();
      NDArray experts = moe.route(work, moe.input(work, x)).experts();
      work.runInPlace("sample.count", counts, experts, place);
    }
  }

  /** Goes on by one token. */
  void next(SplittableRandom[] random, double temperature) {
    try (TensorScope step = scope.child("token")) {
      long length = written.getShape().get(1);
      boolean first = sequences.length() == 0;
      NDArray read = first ? written : step.run("tensor.columns", written, length - 1, length);
      NDArray logits = sequences.next(step, read);
      NDList drawn =
          step.runAll(
              "sample.candidates",
              logits,
              uniform(step, random),
              balance.candidates(),
              temperature);
      NDList kept =
          step.runAll(
              "sample.survivors",
              drawn.get(0),
              drawn.get(1),
              logarithms,
              counts,
              wanted,
              length + 1,
              balance.beams(),
              balance.weight());
      NDArray places = kept.get(0);
      sequences.choose(places);
      NDArray before = step.run("cache.choose", written, places);
      written =
          replaced(written, step.run("tensor.side_by_side", new NDList(before, kept.get(1))), step);
      counts = replaced(counts, step.run("cache.choose", counts, places), step);
      logarithms = replaced(logarithms, kept.get(2), step);
    }
  }

  /** The best beam of every sequence, [groups][tokens]. */
  long[][] best() {
    int length = Math.toIntExact(written.getShape().get(1));
    long[] flat = scope.toLongs(written);
    long[][] best = new long[groups][length];
    for (int g = 0; g < groups; g++) {
      // Survivors are in falling order.
      System.arraycopy(flat, g * balance.beams() * length, best[g], 0, length);
    }
    return best;
  }

  private NDArray replaced(NDArray old, NDArray now, TensorScope step) {
    old.close();
    return step.keep(scope, now);
  }

  private NDArray uniform(TensorScope step, SplittableRandom... random) {
    int each = balance.beams() * balance.candidates();
    float[] uniform = new float[groups * each];
    for (int i = 0; i < uniform.length; i++) {
      uniform[i] = (float) random[i / each].nextDouble();
    }
    return step.floats(uniform, (long) groups * balance.beams(), balance.candidates());
  }

  private long[] repeated(long[]... prompts) {
    int length = prompts[0].length;
    long[] flat = new long[groups * balance.beams() * length];
    for (int row = 0; row < groups * balance.beams(); row++) {
      System.arraycopy(prompts[row / balance.beams()], 0, flat, row * length, length);
    }
    return flat;
  }

  @Override
  public void close() {
    scope.close();
  }
}
