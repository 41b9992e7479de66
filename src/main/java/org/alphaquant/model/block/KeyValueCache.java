package org.alphaquant.model.block;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.alphaquant.torch.TensorScope;

/**
 * Keys and values of one layer's attention for the positions that a batch of sequences has seen.
 */
public final class KeyValueCache {

  private final TensorScope owner;
  private final long capacity;
  private NDArray keys;
  private NDArray values;
  private long length;

  /**
   * @param owner owns the arrays
   * @param capacity positions that there is room for
   */
  public KeyValueCache(TensorScope owner, long capacity) {
    this.owner = owner;
    this.capacity = capacity;
  }

  /** Positions that there is room for. */
  public long capacity() {
    return capacity;
  }

  /** Number of cached positions. */
  public long length() {
    return length;
  }

  /** The next {@code count} positions of a table [2, capacity, n]. */
  public NDArray next(TensorScope scope, NDArray table, long count) {
    if (length + count > capacity) {
      throw new IllegalArgumentException(
          "%d positions after %d do not fit into a cache of %d".formatted(count, length, capacity));
    }
    return scope.run("tensor.rows", table, length, length + count);
  }

  /** Keeps only the sequences at these indices, in this order, with repetitions. */
  public void choose(NDArray places) {
    NDArray chosenKeys = owner.run("cache.choose", keys, places);
    NDArray chosenValues = owner.run("cache.choose", values, places);
    keys.close();
    values.close();
    keys = chosenKeys;
    values = chosenValues;
  }

  /**
   * Takes in the next positions and attends from them to all so far.
   *
   * @param q queries [B, A, n, D]
   * @param k keys [B, K, n, D]
   * @param v values [B, K, n, Dv]
   * @param sinks none, or a logit for each head [A]
   * @param window keys that a query sees at most; 0 for all
   * @param cap soft limit of the scores; 0 for none
   * @return [B*n, A*Dv], heads in order
   */
  public NDArray attend(
      TensorScope scope,
      NDArray q,
      NDArray k,
      NDArray v,
      NDList sinks,
      double scale,
      long window,
      double cap) {
    if (keys == null) {
      keys = owner.run("cache.empty", k, capacity);
      values = owner.run("cache.empty", v, capacity);
    }
    scope.runInPlace("cache.put", keys, k, length);
    scope.runInPlace("cache.put", values, v, length);
    NDArray out = scope.run("cache.attend", q, keys, values, sinks, scale, window, cap, length);
    length += k.getShape().get(2);
    return out;
  }
}
