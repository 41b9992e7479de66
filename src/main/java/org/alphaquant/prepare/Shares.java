package org.alphaquant.prepare;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Splits a number by weights, by largest remainders. */
final class Shares {
  private Shares() {}

  static int[] of(double[] weights, int whole) {
    double sum = Arrays.stream(weights).sum();
    double[] exact = Arrays.stream(weights).map(weight -> weight / sum * whole).toArray();
    int[] counts = Arrays.stream(exact).mapToInt(share -> (int) Math.floor(share)).toArray();
    int left = whole - Arrays.stream(counts).sum();
    IntStream.range(0, weights.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> counts[i] - exact[i]))
        .limit(left)
        .forEach(i -> counts[i]++);
    return counts;
  }
}
