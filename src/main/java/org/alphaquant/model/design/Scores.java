package org.alphaquant.model.design;

import java.util.Optional;

/**
 * How attention scores are computed from queries and keys.
 *
 * @param scale what they are multiplied with
 * @param window keys a query sees at most, itself included; 0 for all before it
 * @param softCap c in c * tanh(score / c), 0 for none
 * @param sinks whether a learned logit per head takes part in the softmax
 * @param growth how queries grow with position; mostly not at all
 */
public record Scores(
    double scale, long window, double softCap, boolean sinks, Optional<PositionScale> growth) {

  /** Scaled by one over the root of the heads' dimension. */
  public static Scores of(HeadShape heads) {
    return new Scores(1 / Math.sqrt(heads.dimension()), 0, 0, false, Optional.empty());
  }

  /** The same over the latest keys only; 0 for all. */
  public Scores within(long keys) {
    return new Scores(scale, keys, softCap, sinks, growth);
  }

  /** The same with a cap. */
  public Scores capped(double cap) {
    return new Scores(scale, window, cap, sinks, growth);
  }

  /** The same with a learned sink per head. */
  public Scores withSinks() {
    return new Scores(scale, window, softCap, true, growth);
  }

  /** The same with queries that grow. */
  public Scores growing(PositionScale how) {
    return new Scores(scale, window, softCap, sinks, Optional.of(how));
  }

  /** The same with another scale. */
  public Scores scaled(double other) {
    return new Scores(other, window, softCap, sinks, growth);
  }
}
