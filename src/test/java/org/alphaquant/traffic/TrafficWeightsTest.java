package org.alphaquant.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TrafficWeightsTest {

  private static final double[] FIRST = {0.5, 0.3, 0.15, 0.05};
  private static final double[] SECOND = {0.05, 0.15, 0.3, 0.5};
  private static final int SPANS = 200;
  private static final int CHOICES = 64;

  private static Torch torch;

  @BeforeAll
  static void open() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void close() {
    torch.close();
  }

  @Test
  void spansOfTheKindThatTheTrafficIsCountAndTheOthersDoNot() {
    try (TensorScope scope = torch.scope("test")) {
      NDArray counts = halfAndHalf(scope);
      float[] weights = tilt(scope, counts, FIRST, 0.1);
      assertThat(mean(weights, 0)).isCloseTo(2, within(0.05));
      assertThat(mean(weights, SPANS / 2)).isLessThan(0.05);
      float[] shares =
          scope.toFloats(
              scope.run("traffic.shares", counts, scope.floats(weights, weights.length)));
      for (int e = 0; e < FIRST.length; e++) {
        assertThat((double) shares[e]).isCloseTo(FIRST[e], within(0.01));
      }
    }
  }

  @Test
  void noMoreIsGivenUpThanIsAllowed() {
    try (TensorScope scope = torch.scope("test")) {
      float[] weights = tilt(scope, halfAndHalf(scope), FIRST, 0.8);
      double sum = 0;
      double squares = 0;
      for (float weight : weights) {
        sum += weight;
        squares += weight * weight;
      }
      assertThat(sum / SPANS).isCloseTo(1, within(1e-4));
      assertThat(sum * sum / squares / SPANS).isBetween(0.8, 0.82);
    }
  }

  @Test
  void textThatIsAsTheTrafficStaysAsItIs() {
    try (TensorScope scope = torch.scope("test")) {
      NDArray counts = halfAndHalf(scope);
      float[] own =
          scope.toFloats(scope.run("traffic.shares", counts, scope.run("traffic.even", counts)));
      double[] target = new double[own.length];
      for (int e = 0; e < own.length; e++) {
        target[e] = own[e];
      }
      for (float weight : tilt(scope, counts, target, 0.25)) {
        assertThat(weight).isCloseTo(1, within(1e-3f));
      }
    }
  }

  @Test
  void aSpanIsCountedByItsOwnTokensAlsoTheShortOneAtTheEndOfASequence() {
    try (TensorScope scope = torch.scope("test")) {
      // Two sequences of three tokens, two experts each.
      NDArray experts = scope.longs(new long[] {0, 1, 1, 2, 2, 0, 1, 0, 0, 2, 2, 1}, 6, 2);
      float[] counts = scope.toFloats(scope.run("traffic.spans", experts, 3, 3, 2));
      assertThat(counts).containsExactly(1, 2, 1, 1, 0, 1, 2, 1, 1, 0, 1, 1);
    }
  }

  @Test
  void tokensHaveTheWeightOfTheirSpan() {
    Evidence evidence = new Evidence(2, new float[][] {{1, 2}, {3, 4}}, Map.of());
    assertThat(evidence.tokens(0, 2, 3)).containsExactly(1, 1, 2, 3, 3, 4);
    assertThat(evidence.tokens(1, 2, 3)).containsExactly(3, 3, 4);
  }

  @Test
  void factorsOfExpertsAreBoundedAndAnUnseenOneHasNone() {
    assertThat(
            TrafficWeights.factors(
                new double[] {0.5, 0.25, 0.25, 0}, new float[] {0.25f, 0.5f, 0, 0.25f}, 100))
        .containsExactly(2, 0.5f, 1, 0.1f);
    TrafficWeights.Weighed kept =
        new TrafficWeights(new ExpertCounts(new TreeMap<>(Map.of(3, new double[] {3, 1, 4}))), 0.25)
            .ofCounts(Map.of(3, new long[] {50, 50, 0}), null);
    assertThat(kept.fit().unseen()).containsExactly("3.2");
    assertThat(kept.evidence().factors().get(3)).containsExactly(0.75f, 0.25f, 1);
  }

  private static float[] tilt(TensorScope scope, NDArray counts, double[] target, double least) {
    float[] shares = new float[target.length];
    for (int e = 0; e < shares.length; e++) {
      shares[e] = (float) target[e];
    }
    return scope.toFloats(
        scope.run(
            "traffic.tilt",
            new NDList(counts),
            new NDList(scope.floats(shares, shares.length)),
            least));
  }

  private static double mean(float[] weights, int from) {
    double sum = 0;
    for (int i = from; i < from + SPANS / 2; i++) {
      sum += weights[i];
    }
    return sum / (SPANS / 2);
  }

  private static NDArray halfAndHalf(TensorScope scope) {
    Random random = new Random(1);
    float[] counts = new float[SPANS * FIRST.length];
    for (int s = 0; s < SPANS; s++) {
      for (int i = 0; i < CHOICES; i++) {
        counts[s * FIRST.length + drawn(random, s < SPANS / 2 ? FIRST : SECOND)]++;
      }
    }
    return scope.floats(counts, SPANS, FIRST.length);
  }

  private static int drawn(Random random, double... shares) {
    double left = random.nextDouble();
    for (int e = 0; e < shares.length - 1; e++) {
      left -= shares[e];
      if (left < 0) {
        return e;
      }
    }
    return shares.length - 1;
  }
}
