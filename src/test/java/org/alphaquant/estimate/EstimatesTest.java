package org.alphaquant.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimatesTest {
  private static final long GIB = 1L << 30;

  private static RunShape olmoe(long tokens) {
    return new RunShape(16, 2048, 4L * 2048 * 2048, 64, 8, 1024, 0, tokens);
  }

  @Test
  void allExpertsAreSolvedAtOnceWhereTheyFit() {
    MemoryEstimate estimate = MemoryEstimate.of(olmoe(65_536), GIB, 139 * GIB);
    assertThat(estimate.expertsAtOnce()).isEqualTo(64);
    long each = 4 * (7L * 2048 * 2048 + 9L * 3 * 2048 * 1024);
    assertThat(estimate.deviceBytes())
        .isEqualTo(4 * (2L * 65_536 * 2048 + 4L * 2048 * 2048) + 64 * each);
  }

  @Test
  void aSmallDeviceTakesExpertsInChunksWithinItsBudget() {
    MemoryEstimate estimate = MemoryEstimate.of(olmoe(65_536), GIB, 8 * GIB);
    assertThat(estimate.expertsAtOnce()).isBetween(1, 63);
    assertThat(estimate.deviceBytes()).isLessThanOrEqualTo(8 * GIB);
  }

  @Test
  void aDeviceThatIsTooSmallForOneExpertStillSaysWhatItWouldTake() {
    MemoryEstimate estimate = MemoryEstimate.of(olmoe(65_536), GIB, 1);
    assertThat(estimate.expertsAtOnce()).isEqualTo(1);
    assertThat(estimate.deviceBytes()).isGreaterThan(1);
  }

  @Test
  void aDenseModelHasNoExpertsToSolve() {
    RunShape dense = new RunShape(2, 64, 4 * 64 * 64, 0, 0, 0, 128, 512);
    assertThat(MemoryEstimate.of(dense, 0, GIB).expertsAtOnce()).isZero();
    assertThat(WorkEstimate.of(dense).operations()).isPositive();
  }

  @Test
  void workGrowsWithTokensFromWhatTheSolverAloneTakes() {
    double few = WorkEstimate.of(olmoe(1)).operations();
    double half = WorkEstimate.of(olmoe(65_536)).operations();
    double all = WorkEstimate.of(olmoe(131_071)).operations();
    assertThat((half - few) / (all - few)).isCloseTo(0.5, within(1e-9));
    double solver =
        16
            * (2 * 4.0 / 3 * Math.pow(2048, 3)
                + 2.0 * 4 * Math.pow(2048, 3)
                + 64
                    * (4.0 / 3 * (Math.pow(2048, 3) + Math.pow(1024, 3))
                        + 2.0 * 2 * 2048 * 1024 * 2048
                        + 2.0 * 2048 * 1024 * 1024));
    assertThat(few).isCloseTo(solver, within(solver * 1e-3));
    assertThat(WorkEstimate.of(olmoe(1)).minutes(few)).isEqualTo(1 / 60.0);
  }

  @Test
  void shapesThatDoNotFitTogetherAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RunShape(1, 64, 64, 4, 8, 32, 0, 512))
        .withMessageContaining("4 experts of width 32, 8 per token");
  }
}
