package org.alphaquant.measure;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * Percentile bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3):
 * a figure is computed again on windows drawn with replacement. Tokens of one window depend on each
 * other, so that whole windows are drawn. The draws are the same every time.
 */
public final class Bootstrap {

  private static final int RESAMPLES = 1_000;
  private static final double OUTSIDE = 0.025;

  private Bootstrap() {}

  /**
   * Any figure.
   *
   * @param units windows or questions
   * @param statistic the figure where unit i counts {@code counts[i]} times
   */
  public static Figure of(int units, ToDoubleFunction<int[]> statistic) {
    if (units < 1) {
      throw new IllegalArgumentException("nothing was measured");
    }
    SplittableRandom random = new SplittableRandom(units);
    double[] values = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      int[] counts = new int[units];
      for (int i = 0; i < units; i++) {
        counts[random.nextInt(units)]++;
      }
      values[r] = statistic.applyAsDouble(counts);
    }
    Arrays.sort(values);
    int[] once = new int[units];
    Arrays.fill(once, 1);
    int outside = (int) (OUTSIDE * RESAMPLES);
    return new Figure(
        statistic.applyAsDouble(once), values[outside], values[RESAMPLES - 1 - outside]);
  }

  /** The mean of one value for each unit. */
  public static Figure mean(double[] values) {
    return mean(values, DoubleUnaryOperator.identity());
  }

  /** A function of the mean of one value for each unit: perplexity of losses, for example. */
  public static Figure mean(double[] values, DoubleUnaryOperator of) {
    return of(values.length, counts -> of.applyAsDouble(mean(values, counts)));
  }

  /** The mean of {@code values} where unit i counts {@code counts[i]} times. */
  public static double mean(double[] values, int[] counts) {
    double sum = 0;
    long count = 0;
    for (int i = 0; i < values.length; i++) {
      sum += counts[i] * values[i];
      count += counts[i];
    }
    return sum / count;
  }
}
