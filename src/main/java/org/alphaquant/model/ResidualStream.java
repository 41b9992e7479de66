package org.alphaquant.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.RoutingTap;
import org.alphaquant.torch.TensorScope;

/**
 * The residual stream of many sequences at one depth of the model: micro-batches {@code [b, S, H]}
 * float32 that advance through the layers one layer at a time, so that only one layer's weights are
 * ever in memory.
 */
public final class ResidualStream implements AutoCloseable {

  private final TensorScope scope;
  private final List<NDArray> microBatches;
  private final long hidden;
  private long tokens;

  private ResidualStream(TensorScope scope, long hidden) {
    this.scope = scope;
    this.hidden = hidden;
    this.microBatches = new ArrayList<>();
  }

  /**
   * Embeds token sequences of one length.
   *
   * @param sequences {@code [n][S]} token ids
   * @param tokensPerBatch how many tokens to run at once
   */
  public static ResidualStream embed(
      TensorScope parent, Model model, long[][] sequences, int tokensPerBatch) {
    TensorScope scope = parent.child("residual stream");
    ResidualStream stream = new ResidualStream(scope, model.description().hidden());
    int length = sequences[0].length;
    int batch = Math.max(1, tokensPerBatch / length);
    for (int first = 0; first < sequences.length; first += batch) {
      int last = Math.min(first + batch, sequences.length);
      try (TensorScope work = scope.child("embedding")) {
        NDArray embedded = model.embed(work, ids(work, sequences, first, last));
        stream.microBatches.add(work.keep(scope, embedded));
      }
      stream.tokens += (long) (last - first) * length;
    }
    return stream;
  }

  /**
   * A stream that was stored at some depth.
   *
   * @param count how many micro-batches
   * @param microBatch reads one of them, {@code [b, S, H]} float32, into a scope
   */
  public static ResidualStream restore(
      TensorScope parent,
      long hidden,
      int count,
      BiFunction<TensorScope, Integer, NDArray> microBatch) {
    TensorScope scope = parent.child("residual stream");
    ResidualStream stream = new ResidualStream(scope, hidden);
    for (int i = 0; i < count; i++) {
      NDArray x = microBatch.apply(scope, i);
      stream.microBatches.add(x);
      stream.tokens += x.getShape().get(0) * x.getShape().get(1);
    }
    return stream;
  }

  /** A copy of the stream. */
  public ResidualStream copied(TensorScope parent) {
    return restore(
        parent,
        hidden,
        microBatches.size(),
        (into, i) -> into.run("distill.copied", microBatches.get(i)));
  }

  /** The raw float32 bytes of a micro-batch, little-endian. */
  public ByteBuffer bytes(int microBatch) {
    return scope.toBytes(microBatches.get(microBatch));
  }

  /** The micro-batches, each {@code [b, S, H]}. */
  public List<NDArray> microBatches() {
    return List.copyOf(microBatches);
  }

  /** All tokens of all sequences. */
  public long tokens() {
    return tokens;
  }

  /** Width of the stream. */
  public long hidden() {
    return hidden;
  }

  /** Replaces every micro-batch by the result of {@code step}. */
  public void advance(String stage, BiFunction<TensorScope, NDArray, NDArray> step) {
    for (int i = 0; i < microBatches.size(); i++) {
      NDArray before = microBatches.get(i);
      try (TensorScope work = scope.child(stage)) {
        microBatches.set(i, work.keep(scope, step.apply(work, before)));
      }
      before.close();
    }
  }

  /**
   * Refuses numbers that are not finite: all that follows would be computed of them.
   *
   * @param place what gave the stream, {@code layer 3} for example
   * @throws ModelException naming the place
   */
  public void requireFinite(String place) {
    try (TensorScope work = scope.child("finite")) {
      NDList finite = new NDList();
      microBatches.forEach(x -> finite.add(work.run("tensor.all_finite", x)));
      for (long whether : work.toLongs(work.run("tensor.concatenate", finite))) {
        if (whether == 0) {
          throw ModelException.activationNotFinite(place);
        }
      }
    }
  }

  /** Advances through a whole layer. */
  public void advance(DecoderLayer layer) {
    advance(layer, RoutingTap.NONE);
  }

  /** The same, with {@code tap} observing or deciding the routing. */
  public void advance(DecoderLayer layer, RoutingTap tap) {
    advance("attention", layer.attention()::forward);
    try (TensorScope work = scope.child("feed-forward")) {
      List<NDArray> after = layer.feedForward().forwardAll(work, microBatches, tap);
      for (int i = 0; i < after.size(); i++) {
        microBatches.set(i, work.keep(scope, after.get(i))).close();
      }
    }
  }

  @Override
  public void close() {
    scope.close();
  }

  private static NDArray ids(TensorScope scope, long[][] sequences, int first, int last) {
    int length = sequences[first].length;
    long[] flat = new long[(last - first) * length];
    for (int i = first; i < last; i++) {
      if (sequences[i].length != length) {
        throw new IllegalArgumentException(
            "sequence %d has %d tokens; the first has %d"
                .formatted(i, sequences[i].length, length));
      }
      System.arraycopy(sequences[i], 0, flat, (i - first) * length, length);
    }
    return scope.longs(flat, last - first, length);
  }
}
