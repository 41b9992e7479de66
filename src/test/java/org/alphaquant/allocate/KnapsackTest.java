package org.alphaquant.allocate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KnapsackTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void noOtherChoiceThatFitsCostsLess(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Knapsack knapsack = random(random, 6, 4, 1, 40);
    for (long room = knapsack.least(); room <= knapsack.most(); room += 7) {
      int[] choice = knapsack.choose(room);
      assertThat(knapsack.size(choice)).isLessThanOrEqualTo(room);
      assertThat(knapsack.loss(choice)).isCloseTo(best(knapsack, room), within(1e-12));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void manyLargeUnitsComeWithinAThousandthOfTheRoomAndOfTheBestLoss(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int units = 600;
    long[][] sizes = new long[units][6];
    double[][] losses = new double[units][6];
    for (int u = 0; u < units; u++) {
      long weights = 1_000_000 + random.nextLong(500_000_000);
      double sensitivity = Math.exp(4 * random.nextDouble());
      for (int c = 0; c < 6; c++) {
        sizes[u][c] = weights * (2 + c) / 8 + random.nextLong(1000);
        losses[u][c] = sensitivity * Math.pow(4, -c);
      }
    }
    Knapsack knapsack = new Knapsack(sizes, losses);
    long room = (knapsack.least() + knapsack.most()) / 2;
    int[] choice = knapsack.choose(room);
    assertThat(knapsack.size(choice)).isBetween((long) (0.999 * room), room);
    // No price for a byte gives less: the Lagrangian bound.
    double bound = 0;
    for (double price = 1e-12; price < 1e-3; price *= 1.05) {
      bound = Math.max(bound, lagrangian(knapsack, price, room));
    }
    assertThat(knapsack.loss(choice)).isBetween(bound, 1.001 * bound);
  }

  @Test
  void lessRoomThanTheSmallestChoiceTakesIsRefused() {
    Knapsack knapsack = new Knapsack(new long[][] {{3, 5}, {4, 6}}, new double[2][2]);
    assertThat(knapsack.least()).isEqualTo(7);
    assertThat(knapsack.most()).isEqualTo(11);
    assertThatThrownBy(() -> knapsack.choose(6))
        .hasMessage("no choice is smaller than 7, and there is room for 6");
    assertThatThrownBy(() -> new Knapsack(new long[1][1], new double[][] {{Double.NaN}}))
        .hasMessageContaining("NaN");
  }

  private static Knapsack random(
      SplittableRandom random, int units, int choices, int least, int most) {
    long[][] sizes = new long[units][choices];
    double[][] losses = new double[units][choices];
    for (int u = 0; u < units; u++) {
      for (int c = 0; c < choices; c++) {
        sizes[u][c] = random.nextLong(least, most);
        losses[u][c] = random.nextDouble();
      }
    }
    return new Knapsack(sizes, losses);
  }

  private static double best(Knapsack knapsack, long room) {
    int units = knapsack.sizes().length;
    int choices = knapsack.sizes()[0].length;
    double best = Double.POSITIVE_INFINITY;
    for (int code = 0; code < Math.pow(choices, units); code++) {
      int[] choice = new int[units];
      for (int u = 0, rest = code; u < units; u++, rest /= choices) {
        choice[u] = rest % choices;
      }
      if (knapsack.size(choice) <= room) {
        best = Math.min(best, knapsack.loss(choice));
      }
    }
    return best;
  }

  private static double lagrangian(Knapsack knapsack, double price, long room) {
    double sum = -price * room;
    for (int u = 0; u < knapsack.sizes().length; u++) {
      double least = Double.POSITIVE_INFINITY;
      for (int c = 0; c < knapsack.sizes()[u].length; c++) {
        least = Math.min(least, knapsack.losses()[u][c] + price * knapsack.sizes()[u][c]);
      }
      sum += least;
    }
    return sum;
  }
}
