package org.alphaquant.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Random;
import org.alphaquant.model.block.Dispatch;
import org.alphaquant.model.block.Routing;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HessianKernelTest {

  private static final int TOKENS = 37;
  private static final int WIDTH = 6;
  private static final int EXPERTS = 5;
  private static final int TOP_K = 2;

  private final Random random = new Random(7);
  private final float[] h = new float[TOKENS * WIDTH];
  private final long[] experts = new long[TOKENS * TOP_K];
  private final float[] scores = new float[TOKENS * TOP_K];

  HessianKernelTest() {
    for (int i = 0; i < h.length; i++) {
      h[i] = (float) random.nextGaussian();
    }
    for (int t = 0; t < TOKENS; t++) {
      // Expert 4 is never chosen.
      experts[2 * t] = t % 3;
      experts[2 * t + 1] = 3;
      scores[2 * t] = random.nextFloat();
      scores[2 * t + 1] = random.nextFloat();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 1, 2})
  void anExpertsHessianIsTheSumOverItsTokensWeightedByTheirScores(double power) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      Routing routing = routing(scope);
      Dispatch dispatch = Dispatch.of(scope, routing, EXPERTS);
      NDArray hessians =
          scope.run(
              "hessian.of_experts",
              scope.floats(h, TOKENS, WIDTH),
              new NDList(),
              new NDList(),
              0,
              dispatch.rows(),
              dispatch.weights(),
              dispatch.offsets(),
              0,
              EXPERTS,
              power,
              4);
      float[] actual = scope.toFloats(hessians);
      double[] expected = expected(power);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-4));
      }
    }
  }

  @Test
  void utilizationCountsEveryExpertAndNamesThoseThatSawTooLittle() {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("test")) {
      Utilization counted = Utilization.of(3, WIDTH, TOKENS, TOP_K, counts(scope), counts(scope));
      assertThat(counted.layer()).isEqualTo(3);
      assertThat(counted.tokens()).isEqualTo(TOKENS);
      assertThat(counted.topK()).isEqualTo(TOP_K);
      assertThat(counted.experts())
          .extracting(ExpertUsage::tokens)
          .containsExactly(13L, 12L, 12L, 37L, 0L);
      assertThat(counted.experts())
          .extracting(ExpertUsage::underUtilized)
          .containsExactly(false, false, false, false, true);
      double sum = 0;
      for (int t = 0; t < TOKENS; t++) {
        sum += scores[2 * t + 1];
      }
      assertThat(counted.experts().get(3).scoreSum()).isCloseTo(sum, within(1e-4));
      assertThat(counted.experts().get(3).scoreMean()).isCloseTo(sum / 37, within(1e-5));
      assertThat(counted.experts().get(3).share()).isCloseTo(0.5, within(1e-9));
      assertThat(counted.experts().get(4).scoreMean()).isZero();
      assertThat(counted.entropy()).isBetween(1.0, Math.log(4) / Math.log(2));
    }
  }

  private Routing routing(TensorScope scope) {
    return new Routing(scope.longs(experts, TOKENS, TOP_K), scope.floats(scores, TOKENS, TOP_K));
  }

  private double[] expected(double power) {
    double[] sum = new double[EXPERTS * WIDTH * WIDTH];
    for (int pair = 0; pair < experts.length; pair++) {
      int t = pair / TOP_K;
      double weight = Math.pow(scores[pair], power);
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < WIDTH; j++) {
          sum[((int) experts[pair] * WIDTH + i) * WIDTH + j] +=
              weight * h[t * WIDTH + i] * h[t * WIDTH + j];
        }
      }
    }
    return sum;
  }

  private Utilization.Counts counts(TensorScope scope) {
    return Utilization.Counts.of(
        scope, Utilization.Counts.arrays(scope, routing(scope), EXPERTS, 1));
  }
}
