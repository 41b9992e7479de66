package org.alphaquant.evaluation;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
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
   * @param layerDone told each layer that is finished
   */
  public static Perplexity of(
      TensorScope parent,
      Model model,
      long[][] windows,
      int tokensPerBatch,
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
        }
        layerDone.accept(i);
      }
      return of(scope, model, stream, windows);
    }
  }

  private static Perplexity of(
      TensorScope scope, Model model, ResidualStream stream, long[][] windows) {
    double negativeLogLikelihood = 0;
    int first = 0;
    for (NDArray x : stream.microBatches()) {
      try (TensorScope work = scope.child("logits")) {
        int batch = (int) x.getShape().get(0);
        long[][] rows = List.of(windows).subList(first, first + batch).toArray(long[][]::new);
        NDArray logits = model.logits(work, x);
        NDArray sum = work.run("evaluation.negative_log_likelihood", logits, ids(work, rows));
        negativeLogLikelihood += sum.toDoubleArray()[0];
        first += batch;
      }
    }
    long tokens = (long) windows.length * (windows[0].length - 1);
    return new Perplexity(Math.exp(negativeLogLikelihood / tokens), tokens, windows.length);
  }

  private static NDArray ids(TensorScope scope, long[][] rows) {
    long[] flat = Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
    return scope.longs(flat, rows.length, rows[0].length);
  }
}
