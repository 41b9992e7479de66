package org.alphaquant.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  @Test
  void theIntervalOfAMeanIsThatOfTheNormalApproximation() {
    Random random = new Random(7);
    double[] values = random.doubles(400).toArray();
    Figure mean = Bootstrap.mean(values);
    double average = IntStream.range(0, 400).mapToDouble(i -> values[i]).sum() / 400;
    double variance = IntStream.range(0, 400).mapToDouble(i -> sq(values[i] - average)).sum() / 400;
    double half = 1.96 * Math.sqrt(variance / 400);
    assertThat(mean.value()).isCloseTo(average, within(1e-12));
    assertThat(mean.low()).isCloseTo(average - half, within(0.15 * half));
    assertThat(mean.high()).isCloseTo(average + half, within(0.15 * half));
  }

  @Test
  void theSameValuesGiveTheSameInterval() {
    double[] values = new Random(3).doubles(50).toArray();
    assertThat(Bootstrap.mean(values)).isEqualTo(Bootstrap.mean(values));
  }

  @Test
  void aChangeOfPairsIsFarMoreCertainThanTheFiguresThemselves() {
    Random random = new Random(11);
    List<Double> before = random.doubles(100, 1, 3).boxed().toList();
    List<Double> after = before.stream().map(loss -> loss + 0.01).toList();
    Figure change = new Losses(after, 255).change(new Losses(before, 255));
    Figure perplexity = new Losses(after, 255).perplexity();
    assertThat(change.low()).isPositive();
    assertThat(change.high() - change.low())
        .isLessThan(0.05 * (perplexity.high() - perplexity.low()));
  }

  @Test
  void oneOfAHundredPredictionsDivergesMoreThanThe99thPercentile() {
    double[] values = IntStream.rangeClosed(1, 1000).mapToDouble(i -> i).toArray();
    Quantile quantile = new Quantile(values, 10);
    int[] once = IntStream.range(0, 100).map(i -> 1).toArray();
    assertThat(quantile.of(0.01, once)).isEqualTo(991);
    Figure estimate = quantile.estimate(0.01);
    assertThat(estimate.low()).isLessThanOrEqualTo(991);
    assertThat(estimate.high()).isGreaterThanOrEqualTo(991);
  }

  @Test
  void nothingHasNoInterval() {
    assertThatThrownBy(() -> Bootstrap.mean(new double[0])).hasMessage("nothing was measured");
  }

  private static double sq(double x) {
    return x * x;
  }
}
