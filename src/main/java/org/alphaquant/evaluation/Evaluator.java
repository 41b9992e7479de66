package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.measure.Bootstrap;
import org.alphaquant.measure.Divergence;
import org.alphaquant.measure.Losses;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;

/**
 * Runs a model over windows of a text, layer by layer, and measures its losses on tokens 2 to S of
 * every window of S and the divergence of its predictions from the original's.
 */
public final class Evaluator {

  private final TensorScope parent;
  private final Model model;
  private final int tokensPerBatch;
  private final long logitsBytes;

  /**
   * @param tokensPerBatch number of tokens run at once
   * @param logitsBytes bytes of logits that exist at once
   */
  public Evaluator(TensorScope parent, Model model, int tokensPerBatch, long logitsBytes) {
    this.parent = parent;
    this.model = model;
    this.tokensPerBatch = tokensPerBatch;
    this.logitsBytes = logitsBytes;
  }

  /** The result of a comparison. */
  public record Compared(Losses losses, Divergence divergence) {}

  /**
   * The windows with some of them, spread evenly, moved to the front: those whose outputs are kept
   * and compared.
   */
  public static long[][] spreadFirst(long[][] windows, int some) {
    boolean[] chosen = new boolean[windows.length];
    List<long[]> order = new ArrayList<>();
    for (int i = 0; i < Math.min(some, windows.length); i++) {
      int at = (int) ((long) i * windows.length / some);
      if (some >= windows.length) {
        at = i;
      }
      chosen[at] = true;
      order.add(windows[at]);
    }
    for (int i = 0; i < windows.length; i++) {
      if (!chosen[i]) {
        order.add(windows[i]);
      }
    }
    return order.toArray(long[][]::new);
  }

  /** The losses alone. */
  public Losses losses(long[][] windows, IntConsumer layerDone) {
    return keep(windows, null, layerDone);
  }

  /**
   * The losses; the outputs on the first windows are kept.
   *
   * @param kept receives the first {@code kept.rows()} tokens; null for none
   * @param layerDone called after each layer
   */
  public Losses keep(long[][] windows, OriginalOutputs kept, IntConsumer layerDone) {
    requireWindows(windows);
    try (TensorScope scope = parent.child("evaluate");
        ResidualStream stream = ResidualStream.embed(scope, model, windows, tokensPerBatch)) {
      for (int i = 0; i < model.description().layers(); i++) {
        try (TensorScope loading = scope.child("layer " + i)) {
          RoutingRecorder recorder = new RoutingRecorder(loading, kept == null ? 0 : kept.rows());
          stream.advance(model.layer(loading, i), recorder);
          stream.requireFinite("layer " + i);
          if (!recorder.isEmpty()) {
            kept.put(loading, i, recorder.routing(loading));
          }
        }
        layerDone.accept(i);
      }
      return losses(scope, windows, stream, kept);
    }
  }

  /**
   * The losses, and the comparison with the original's outputs on the first windows.
   *
   * @param original of the same windows in the same order
   */
  public Compared compare(long[][] windows, OriginalOutputs original, IntConsumer layerDone) {
    requireWindows(windows);
    int length = windows[0].length;
    int compared = Math.toIntExact(original.rows() / length);
    long[][] first = Arrays.copyOf(windows, compared);
    try (TensorScope scope = parent.child("evaluate");
        ResidualStream natural = ResidualStream.embed(scope, model, windows, tokensPerBatch);
        ResidualStream forced = ResidualStream.embed(scope, model, first, tokensPerBatch)) {
      List<Divergence.RouterAgreement> routers = new ArrayList<>();
      for (int i = 0; i < model.description().layers(); i++) {
        try (TensorScope loading = scope.child("layer " + i)) {
          advance(loading, i, natural, forced, original, length, routers);
          natural.requireFinite("layer " + i);
        }
        layerDone.accept(i);
      }
      boolean sparse = !routers.isEmpty();
      Divergences own = divergences(scope, natural, original, length);
      return new Compared(
          losses(scope, windows, natural, null),
          Divergence.of(
              compared,
              original.compared(),
              own.values(),
              sparse ? divergences(scope, forced, original, length).values() : null,
              own.agrees(),
              routers));
    }
  }

  private void advance(
      TensorScope scope,
      int index,
      ResidualStream natural,
      ResidualStream forced,
      OriginalOutputs original,
      int length,
      List<Divergence.RouterAgreement> routers) {
    DecoderLayer layer = model.layer(scope, index);
    Routing kept = original.routing(scope, index).orElse(null);
    if (kept == null) {
      natural.advance(layer);
      forced.advance(layer);
      return;
    }
    RoutingRecorder recorder = new RoutingRecorder(scope, original.rows());
    natural.advance(layer, recorder);
    NDArray experts = recorder.routing(scope).experts();
    float[] changed = scope.toFloats(scope.run("evaluation.changed", kept.experts(), experts));
    double[] windows = Divergence.byWindow(doubles(changed), length);
    routers.add(new Divergence.RouterAgreement(index, Bootstrap.mean(windows)));
    forced.advance(layer, new OriginalRouting(kept));
  }

  private record Divergences(double[] values, double[] agrees) {}

  // The first rows without the last one of every window, whose next token is unknown.
  private Divergences divergences(
      TensorScope parent, ResidualStream stream, OriginalOutputs original, int length) {
    DoubleStream.Builder values = DoubleStream.builder();
    DoubleStream.Builder agrees = DoubleStream.builder();
    for (long start = 0; start < original.rows(); start += OriginalOutputs.BLOCK) {
      long end = Math.min(original.rows(), start + OriginalOutputs.BLOCK);
      try (TensorScope block = parent.child("divergence")) {
        NDList kept = original.probabilities(block, (int) (start / OriginalOutputs.BLOCK));
        for (long first = start; first < end; first += rowsAtOnce()) {
          long last = Math.min(end, first + rowsAtOnce());
          try (TensorScope work = block.child("rows")) {
            NDList both = divergence(work, stream, kept, start, first, last);
            add(work.toFloats(both.get(0)), first, length, values);
            add(work.toFloats(both.get(1)), first, length, agrees);
          }
        }
      }
    }
    return new Divergences(values.build().toArray(), agrees.build().toArray());
  }

  private NDList divergence(
      TensorScope work, ResidualStream stream, NDList kept, long start, long first, long last) {
    NDArray tokens = kept.get(1);
    return work.runAll(
        "evaluation.divergence",
        work.run("evaluation.some_rows", kept.get(0), first - start, last - start),
        tokens.isEmpty()
            ? tokens
            : work.run("evaluation.some_rows", tokens, first - start, last - start),
        logProbability(work, stream, first, last));
  }

  private static void add(float[] values, long first, int length, DoubleStream.Builder to) {
    for (int i = 0; i < values.length; i++) {
      if ((first + i + 1) % length != 0) {
        to.add(values[i]);
      }
    }
  }

  private Losses losses(
      TensorScope scope, long[][] windows, ResidualStream stream, OriginalOutputs kept) {
    int length = windows[0].length;
    long[] next = nextTokens(windows);
    double[] sums = new double[windows.length];
    int first = 0;
    while (first < next.length) {
      int last = sliceEnd(first, next.length, kept);
      float[] losses = losses(scope, stream, next, first, last, kept);
      for (int i = 0; i < losses.length; i++) {
        sums[(first + i) / length] += losses[i];
      }
      first = last;
    }
    double mean = Arrays.stream(sums).sum() / ((double) windows.length * (length - 1));
    if (!Double.isFinite(Math.exp(mean))) {
      throw ModelException.perplexityNotFinite(mean);
    }
    return new Losses(
        Arrays.stream(sums).map(sum -> sum / (length - 1)).boxed().toList(), length - 1);
  }

  // Rows that are kept come in whole blocks, one file each.
  private int sliceEnd(int first, int rows, OriginalOutputs kept) {
    if (kept != null && first < kept.rows()) {
      return (int) Math.min(kept.rows(), first + OriginalOutputs.BLOCK);
    }
    return (int) Math.min(rows, (long) first + rowsAtOnce());
  }

  private float[] losses(
      TensorScope scope,
      ResidualStream stream,
      long[] next,
      int first,
      int last,
      OriginalOutputs kept) {
    try (TensorScope work = scope.child("logits")) {
      NDArray predicted = logProbability(work, stream, first, last);
      if (kept != null && first < kept.rows()) {
        kept.put(work, first / OriginalOutputs.BLOCK, predicted);
      }
      NDArray tokens = work.longs(Arrays.copyOfRange(next, first, last), last - first);
      return work.toFloats(work.run("evaluation.negative_log_likelihood", predicted, tokens));
    }
  }

  private NDArray logProbability(TensorScope work, ResidualStream stream, long first, long last) {
    NDArray rows = TokenRows.of(work, stream, first, last);
    return work.run("evaluation.log_probability", model.logits(work, rows));
  }

  private int rowsAtOnce() {
    return rowsAtOnce(model.description().vocabulary(), logitsBytes);
  }

  /** Rows of logits that fit: they exist as such and as logarithms of probabilities. */
  static int rowsAtOnce(long vocabulary, long logitsBytes) {
    return (int) Math.max(1, Math.min(1 << 20, logitsBytes / (2 * Float.BYTES * vocabulary)));
  }

  private static void requireWindows(long[][] windows) {
    if (windows.length == 0) {
      throw new IllegalArgumentException("the evaluation text has no whole window");
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  // The next token of every token of every window, -1 after the last.
  private static long[] nextTokens(long[][] windows) {
    return Arrays.stream(windows)
        .flatMapToLong(
            window -> LongStream.concat(Arrays.stream(window).skip(1), LongStream.of(-1)))
        .toArray();
  }
}
