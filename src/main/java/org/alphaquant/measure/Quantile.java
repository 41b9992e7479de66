package org.alphaquant.measure;

import java.util.stream.IntStream;

/** Quantiles of the tokens of many windows, quickly enough to be computed a thousand times. */
final class Quantile {

  private final double[] descending;
  private final int[] window;
  private final int perWindow;

  /**
   * @param values of each token, window after window
   * @param perWindow tokens of a window
   */
  Quantile(double[] values, int perWindow) {
    this.perWindow = perWindow;
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted((a, b) -> Double.compare(values[b], values[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    this.descending = IntStream.of(order).mapToDouble(i -> values[i]).toArray();
    this.window = IntStream.of(order).map(i -> i / perWindow).toArray();
  }

  /** The value that a share {@code above} of all tokens is larger than, or as large. */
  double of(double above, int[] counts) {
    long all = (long) IntStream.of(counts).sum() * perWindow;
    long left = Math.max(1, Math.round(above * all));
    for (int i = 0; i < descending.length; i++) {
      left -= counts[window[i]];
      if (left <= 0) {
        return descending[i];
      }
    }
    return descending[descending.length - 1];
  }

  /** The same with its interval. */
  Figure estimate(double above) {
    return Bootstrap.of(descending.length / perWindow, counts -> of(above, counts));
  }
}
