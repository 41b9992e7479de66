package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.model.Model;
import org.alphaquant.model.ResidualStream;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.torch.TensorScope;

/**
 * Perplexity on a text: the exponential of the mean negative log-likelihood of tokens 2 to S of
 * every window of S tokens.
 *
 * @param value the perplexity
 * @param tokens how many predicted tokens it is the mean of
 * @param windows how many windows they come from
 */
public record Perplexity(double value, long tokens, int windows) {

  /**
   * Runs the model over all windows, layer by layer.
   *
   * @param windows {@code [n][S]} token ids
   * @param tokensPerBatch how many tokens to run at once
   * @param logitsBytes how much of the logits to hold at once
   * @param layerDone told each layer that is finished
   */
  public static Perplexity of(
      TensorScope parent,
      Model model,
      long[][] windows,
      int tokensPerBatch,
      long logitsBytes,
      IntConsumer layerDone) {
    if (windows.length == 0) {
      throw new IllegalArgumentException("the evaluation text has no whole window");
    }
    try (TensorScope scope = parent.child("perplexity");
        ResidualStream stream = ResidualStream.embed(scope, model, windows, tokensPerBatch)) {
      for (int i = 0; i < model.description().layers(); i++) {
        try (TensorScope loading = scope.child("layer " + i)) {
          DecoderLayer layer = model.layer(loading, i);
          stream.advance(layer);
          stream.requireFinite("layer " + i);
        }
        layerDone.accept(i);
      }
      return of(scope, model, stream, windows, logitsBytes);
    }
  }

  private static Perplexity of(
      TensorScope scope, Model model, ResidualStream stream, long[][] windows, long logitsBytes) {
    int rows = rowsAtOnce(model.description().vocabulary(), logitsBytes);
    long[] next = nextTokens(windows);
    double negativeLogLikelihood = 0;
    int first = 0;
    for (NDArray x : stream.microBatches()) {
      int count = Math.toIntExact(x.getShape().get(0) * x.getShape().get(1));
      for (int row = 0; row < count; row += rows) {
        int end = Math.min(count, row + rows);
        long[] own = Arrays.copyOfRange(next, first + row, first + end);
        negativeLogLikelihood += negativeLogLikelihood(scope, model, x, row, end, own);
      }
      first += count;
    }
    long tokens = (long) windows.length * (windows[0].length - 1);
    return of(negativeLogLikelihood / tokens, tokens, windows.length);
  }

  private static Perplexity of(double negativeLogLikelihood, long tokens, int windows) {
    double value = Math.exp(negativeLogLikelihood);
    if (!Double.isFinite(value)) {
      throw ModelException.perplexityNotFinite(negativeLogLikelihood);
    }
    return new Perplexity(value, tokens, windows);
  }

  /** Rows of logits that fit: they exist as such and as logarithms of probabilities. */
  static int rowsAtOnce(long vocabulary, long logitsBytes) {
    return (int) Math.max(1, Math.min(1 << 20, logitsBytes / (2 * Float.BYTES * vocabulary)));
  }

  private static double negativeLogLikelihood(
      TensorScope scope, Model model, NDArray x, int row, int end, long[] next) {
    try (TensorScope work = scope.child("logits")) {
      NDArray rows = work.run("evaluation.rows", x, row, end);
      NDArray logits = model.logits(work, rows);
      NDArray sum =
          work.run("evaluation.negative_log_likelihood", logits, work.longs(next, next.length));
      return sum.toDoubleArray()[0];
    }
  }

  // Of every token of every window the one that follows it, -1 after the last.
  private static long[] nextTokens(long[][] windows) {
    return Arrays.stream(windows)
        .flatMapToLong(
            window -> LongStream.concat(Arrays.stream(window).skip(1), LongStream.of(-1)))
        .toArray();
  }
}
