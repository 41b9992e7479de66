package org.alphaquant.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.model.Model;
import org.alphaquant.model.block.CachedAttention;
import org.alphaquant.model.block.DecoderLayer;
import org.alphaquant.model.block.KeyValueCache;
import org.alphaquant.torch.TensorScope;

/**
 * A batch of sequences that grow together. Where every layer's attention can go on from a cache of
 * keys and values only the new tokens pass the model; elsewhere (recurrent mixers, attention over
 * chosen keys) all of them do, every time.
 */
final class Continuation implements AutoCloseable {

  private final TensorScope scope;
  private final Model model;
  private final List<DecoderLayer> layers;
  private final List<KeyValueCache> caches = new ArrayList<>();
  private final StreamObserver observer;
  private NDArray seen;
  private long length;

  /** Sees what enters each layer's feed-forward block. */
  interface StreamObserver {

    StreamObserver NONE = (scope, layer, x) -> {};

    /** The stream [B, n, H] of the new tokens; of all of them where there is no cache. */
    void accept(TensorScope scope, int layer, NDArray x);
  }

  /**
   * @param layers all of the model's
   * @param capacity tokens that a sequence may have in the end
   */
  Continuation(
      TensorScope parent,
      Model model,
      List<DecoderLayer> layers,
      long capacity,
      StreamObserver observer) {
    this.scope = parent.child("continuation");
    this.model = model;
    this.layers = layers;
    this.observer = observer;
    if (cacheable(layers, capacity)) {
      layers.forEach(layer -> caches.add(new KeyValueCache(scope, capacity)));
    }
  }

  /** Whether sequences of this length can be written with a cache. */
  static boolean cacheable(List<DecoderLayer> layers, long capacity) {
    return layers.stream()
        .allMatch(
            layer ->
                layer.attention() instanceof CachedAttention attention
                    && attention.canContinue(capacity));
  }

  boolean isCached() {
    return !caches.isEmpty();
  }

  /** Tokens that a sequence has taken in. */
  long length() {
    return length;
  }

  /**
   * Takes in the next tokens.
   *
   * @param ids int64 [B, n]
   * @return logits after the last of them, [B, 1, V], owned by {@code owner}
   */
  NDArray next(TensorScope owner, NDArray ids) {
    try (TensorScope work = scope.child("tokens")) {
      NDArray read = isCached() ? ids : all(ids);
      NDArray x = model.embed(work, read);
      for (int i = 0; i < layers.size(); i++) {
        x = layer(work, i, x);
      }
      length += ids.getShape().get(1);
      return work.keep(owner, model.logits(work, work.run("sample.last", x)));
    }
  }

  /** Goes on with the sequences at these places, int64 [B], alone. */
  void choose(NDArray places) {
    caches.forEach(cache -> cache.choose(places));
    if (seen != null) {
      seen = scope.run("cache.choose", seen, places);
    }
  }

  private NDArray layer(TensorScope work, int index, NDArray x) {
    DecoderLayer layer = layers.get(index);
    NDArray attended =
        isCached()
            ? ((CachedAttention) layer.attention()).forward(work, x, caches.get(index))
            : layer.attention().forward(work, x);
    observer.accept(work, index, attended);
    return layer.feedForward().forward(work, attended);
  }

  private NDArray all(NDArray ids) {
    NDArray before = seen;
    seen =
        before == null
            ? scope.run("tensor.side_by_side", new NDList(ids))
            : scope.run("tensor.side_by_side", new NDList(before, ids));
    if (before != null) {
      before.close();
    }
    return seen;
  }

  @Override
  public void close() {
    scope.close();
  }
}
