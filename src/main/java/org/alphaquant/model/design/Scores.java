package org.alphaquant.model.design;

/**
 * What becomes of the products of queries and keys.
 *
 * @param scale what they are multiplied with
 * @param window keys a query sees at most, itself included; 0 for all before it
 * @param softCap c in c * tanh(score / c), 0 for none
 * @param sinks whether a learned logit per head takes part in the softmax
 */
public record Scores(double scale, long window, double softCap, boolean sinks) {

  /** Scaled by one over the root of the heads' dimension. */
  public static Scores of(HeadShape heads) {
    return new Scores(1 / Math.sqrt(heads.dimension()), 0, 0, false);
  }

  /** The same over the latest keys only; 0 for all. */
  public Scores within(long keys) {
    return new Scores(scale, keys, softCap, sinks);
  }

  /** The same with another scale. */
  public Scores scaled(double other) {
    return new Scores(other, window, softCap, sinks);
  }
}
