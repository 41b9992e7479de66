package org.alphaquant.model.design;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.util.Random;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recurrences in chunks, against token by token. */
class RecurrencesTest {

  private static final double LIMIT = 1e-5;

  @ParameterizedTest
  @CsvSource({"1, 64", "63, 64", "64, 64", "65, 64", "200, 64", "50, 16"})
  void theGatedDeltaRuleInChunksGivesWhatTheRecurrenceGives(long length, long size) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("delta net")) {
      Random random = new Random(7);
      NDArray q = unit(scope, random, length, 16);
      NDArray k = unit(scope, random, length, 16);
      NDArray v = normal(scope, random, 1, 2, 3, length, 24);
      NDArray decay = negative(scope, normal(scope, random, 0.5, 2, 3, length));
      NDArray beta = scope.run("linear.clamp", normal(scope, random, 0.4, 2, 3, length), 0.99);
      assertSame(
          scope,
          scope.run("delta_net.recurrent", q, k, v, decay, beta),
          scope.run("delta_net.chunked", q, k, v, decay, beta, size));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 64", "63, 64", "64, 64", "65, 64", "200, 64", "50, 16"})
  void mambaInChunksGivesWhatTheRecurrenceGives(long length, long size) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("mamba")) {
      Random random = new Random(8);
      NDArray c = normal(scope, random, 1, 2, 3, length, 16);
      NDArray b = normal(scope, random, 1, 2, 3, length, 16);
      NDArray x = normal(scope, random, 1, 2, 3, length, 24);
      NDArray decay = negative(scope, normal(scope, random, 0.5, 2, 3, length));
      assertSame(
          scope,
          scope.run("mamba.recurrent", c, b, x, decay),
          scope.run("mamba.chunked", c, b, x, decay, size));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 32", "31, 32", "32, 32", "33, 32", "100, 32", "50, 16"})
  void kimiDeltaInChunksGivesWhatTheRecurrenceGives(long length, long size) {
    try (Torch torch = Torch.open("cpu");
        TensorScope scope = torch.scope("kimi delta")) {
      Random random = new Random(9);
      NDArray q = unit(scope, random, length, 16);
      NDArray k = unit(scope, random, length, 16);
      NDArray v = normal(scope, random, 1, 2, 3, length, 24);
      NDArray decay = negative(scope, normal(scope, random, 0.5, 2, 3, length, 16));
      NDArray beta = scope.run("linear.clamp", normal(scope, random, 0.4, 2, 3, length), 0.99);
      assertSame(
          scope,
          scope.run("kimi_delta.recurrent", q, k, v, decay, beta),
          scope.run("kimi_delta.chunked", q, k, v, decay, beta, size));
    }
  }

  private static void assertSame(TensorScope scope, NDArray expected, NDArray actual) {
    float[] right = scope.toFloats(expected);
    float[] given = scope.toFloats(actual);
    double worst = 0;
    double largest = 0;
    for (int i = 0; i < right.length; i++) {
      worst = Math.max(worst, Math.abs(right[i] - (double) given[i]));
      largest = Math.max(largest, Math.abs(right[i]));
    }
    assertThat(worst / largest).isLessThan(LIMIT);
  }

  // Decays are logarithms of factors.
  private static NDArray negative(TensorScope scope, NDArray x) {
    return scope.run("linear.scale", scope.run("feed_forward.relu_squared", x), -0.3);
  }

  private static NDArray unit(TensorScope scope, Random random, long length, long width) {
    return scope.run("delta_net.unit", normal(scope, random, 1, 2, 3, length, width));
  }

  private static NDArray normal(TensorScope scope, Random random, double factor, long... shape) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (factor * random.nextGaussian());
    }
    return scope.floats(values, shape);
  }
}
