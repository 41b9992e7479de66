package org.alphaquant.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HadamardTest {

  @Test
  void paleysMatricesHaveOrthogonalRowsOfSigns() {
    List<Integer> orders = Stream.iterate(4, n -> n <= 220, n -> n + 4).toList();
    List<Integer> known =
        orders.stream().filter(order -> Hadamard.paley(order).isPresent()).toList();
    assertThat(known).contains(4, 12, 20, 28, 36, 44, 60, 68, 76, 108, 140, 180);
    assertThat(known).doesNotContain(92);
    for (int order : known) {
      double[][] h = Hadamard.paley(order).orElseThrow();
      for (int i = 0; i < order; i++) {
        for (int j = 0; j < order; j++) {
          assertThat(Math.abs(h[i][j])).isEqualTo(1);
          assertThat(product(h[i], h[j])).as("order %d", order).isEqualTo(i == j ? order : 0);
        }
      }
    }
  }

  /** Hidden sizes and value dimensions of published models. */
  @Test
  void theWidthsOfModelsAreCoveredInOneBlock() {
    for (int width :
        new int[] {
          64, 80, 96, 112, 128, 192, 256, 1536, 2048, 2304, 2560, 2880, 3072, 3584, 4096, 4608,
          5120, 6144, 7168, 8192, 12288
        }) {
      assertThat(Hadamard.of(width)).as("width %d", width).isPresent();
      assertThat(Hadamard.of(width).orElseThrow().block()).isEqualTo(width);
    }
  }

  @Test
  void otherWidthsAreTakenInBlocksOfAPowerOfTwoOrNotAtAll() {
    assertThat(Hadamard.of(43 * 32).orElseThrow().block()).isEqualTo(32);
    assertThat(Hadamard.of(43 * 8)).isEmpty();
    assertThat(Hadamard.of(15)).isEmpty();
  }

  private static double product(double[] a, double... b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
