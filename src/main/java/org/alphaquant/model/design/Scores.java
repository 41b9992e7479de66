package org.alphaquant.model.design;

import java.util.Optional;

/**
 * How attention scores are computed from queries and keys, and the factor on values.
 *
 * @param scale factor on the scores
 * @param window maximum number of keys of a query, itself included; 0 for all
 * @param softCap c in c * tanh(score / c), 0 for none
 * @param sinks name of the learned logits, one per head, that take part in the softmax; mostly none
 * @param growth how queries grow with position; mostly not at all
 * @param values what values are multiplied with; mostly 1
 * @param chunk positions of the chunks that attention stays within; 0 for none (Llama 4)
 */
public record Scores(
    double scale,
    long window,
    double softCap,
    Optional<String> sinks,
    Optional<PositionScale> growth,
    double values,
    long chunk) {

  /** Scaled by one over the root of the heads' dimension. */
  public static Scores of(HeadShape heads) {
    return new Scores(
        1 / Math.sqrt(heads.dimension()), 0, 0, Optional.empty(), Optional.empty(), 1, 0);
  }

  /** The same over the latest keys only; 0 for all. */
  public Scores within(long keys) {
    return new Scores(scale, keys, softCap, sinks, growth, values, chunk);
  }

  /** The same over the keys of a query's own chunk only, chunks starting at position 0. */
  public Scores inChunks(long positions) {
    return new Scores(scale, window, softCap, sinks, growth, values, positions);
  }

  /** The same with a cap. */
  public Scores capped(double cap) {
    return new Scores(scale, window, cap, sinks, growth, values, chunk);
  }

  /**
   * The same with a learned sink per head.
   *
   * @param tensor its name behind {@code self_attn.}
   */
  public Scores withSinks(String tensor) {
    return new Scores(scale, window, softCap, Optional.of(tensor), growth, values, chunk);
  }

  /** The same with queries that grow. */
  public Scores growing(PositionScale how) {
    return new Scores(scale, window, softCap, sinks, Optional.of(how), values, chunk);
  }

  /** The same with another scale. */
  public Scores scaled(double other) {
    return new Scores(other, window, softCap, sinks, growth, values, chunk);
  }

  /** The same with scaled values. */
  public Scores scalingValues(double factor) {
    return new Scores(scale, window, softCap, sinks, growth, factor, chunk);
  }
}
