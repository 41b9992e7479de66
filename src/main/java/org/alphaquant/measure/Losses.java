package org.alphaquant.measure;

import java.util.List;

/**
 * Mean negative log-likelihood, in nats per token, of every window of a text.
 *
 * @param windows one value for each window
 * @param predicted tokens that are predicted in a window
 */
public record Losses(List<Double> windows, int predicted) {

  public Losses {
    windows = List.copyOf(windows);
  }

  /** The exponential of the mean. */
  public Figure perplexity() {
    return Bootstrap.mean(values(), Math::exp);
  }

  /**
   * The increase of perplexity from one model to another, bootstrapped over windows drawn in pairs.
   */
  public Figure change(Losses before) {
    double[] was = before.values();
    double[] is = values();
    if (was.length != is.length) {
      throw new IllegalArgumentException(
          "%d windows before, %d after".formatted(was.length, is.length));
    }
    return Bootstrap.of(
        is.length,
        counts -> Math.exp(Bootstrap.mean(is, counts)) - Math.exp(Bootstrap.mean(was, counts)));
  }

  /** Tokens that were predicted in all. */
  public long tokens() {
    return (long) windows.size() * predicted;
  }

  private double[] values() {
    return windows.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
