package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Frequencies against figures of the reference implementation, in fp32. */
class RotaryFrequenciesTest {

  private static Torch torch;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  @Test
  void plain() {
    check(
        new int[] {0, 1, 32, 63},
        new double[] {1, 0.80584222, 1e-3, 1.2409378e-6},
        "rope.default_frequencies",
        128,
        1e6);
  }

  @Test
  void linear() {
    check(
        new int[] {0, 1, 63},
        new double[] {0.25, 0.21649109, 2.8869549e-5},
        "rope.linear_frequencies",
        128,
        1e4,
        4.0);
  }

  @Test
  void llama3WithFactor8() {
    check(
        new int[] {28, 29, 30, 34, 35, 63},
        new double[] {
          3.2114461e-3, 2.1665706e-3, 1.3718937e-3, 1.7850779e-4, 9.5562122e-5, 3.0689259e-7
        },
        "rope.llama3_frequencies",
        128,
        5e5,
        8.0,
        1.0,
        4.0,
        8192.0);
  }

  @Test
  void llama3WithFactor32() {
    check(
        new int[] {14, 15, 16, 17, 31},
        new double[] {3.2114461e-3, 1.2905480e-3, 4.2955671e-4, 9.7082862e-5, 9.4183065e-8},
        "rope.llama3_frequencies",
        64,
        5e5,
        32.0,
        1.0,
        4.0,
        8192.0);
  }

  @Test
  void yarnOfDeepseek() {
    check(
        new int[] {10, 11, 12, 16, 22, 23, 31},
        new double[] {
          5.6234129e-2,
          3.9006926e-2,
          2.6879361e-2,
          5.5000004e-3,
          1.7782794e-4,
          3.3338035e-5,
          3.3338035e-6
        },
        "rope.yarn_frequencies",
        64,
        1e4,
        40.0,
        10.0,
        23.0);
  }

  private static void check(int[] pairs, double[] expected, String function, Object... arguments) {
    try (TensorScope scope = torch.scope(function)) {
      NDArray frequencies = scope.run(function, arguments);
      float[] actual = scope.toFloats(frequencies);
      for (int i = 0; i < pairs.length; i++) {
        assertThat((double) actual[pairs[i]])
            .as("pair %d of %s", pairs[i], function)
            .isCloseTo(expected[i], within(expected[i] * 2e-7));
      }
    }
  }
}
