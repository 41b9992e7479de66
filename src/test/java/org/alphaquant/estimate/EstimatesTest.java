package org.alphaquant.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimatesTest {
  private static final long GIB = 1L << 30;

  private static RunShape olmoe(long tokens) {
    return new RunShape(16, 2048, 4L * 2048 * 2048, 64, 8, 1024, 0, 50_304, tokens);
  }

  @Test
  void allExpertsAreSolvedAtOnceWhereTheyFit() {
    MemoryPlan plan = new MemoryPlan(olmoe(65_536), 139 * GIB, 0);
    assertThat(plan.expertsAtOnce()).isEqualTo(64);
    assertThat(plan.rowsAtOnce(64, 2048)).isGreaterThanOrEqualTo(2048);
    long each = 4 * (7L * 2048 * 2048 + 11L * 2 * 2048 * 1024 + 3L * 2048 * 1024);
    long pairs = 65_536 * 8 * 24;
    assertThat(plan.deviceBytes())
        .isEqualTo(
            4 * (3L * 65_536 * 2048 + 4L * 2048 * 2048) + pairs + 64 * each + 2L * 50_304 * 2048);
  }

  @Test
  void aSmallDeviceTakesExpertsInChunksThatItHasRoomFor() {
    MemoryPlan plan = new MemoryPlan(olmoe(65_536), 8 * GIB, 0);
    assertThat(plan.expertsAtOnce()).isBetween(1, 63);
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(8 * GIB);
  }

  @Test
  void aDownProjectionWiderThanTheStreamCountsWithItsOwnHessian() {
    RunShape mixtral = new RunShape(32, 4096, 2L * 4096 * 5120, 8, 2, 14_336, 0, 32_000, 262_144);
    MemoryPlan plan = new MemoryPlan(mixtral, 80 * GIB, 0);
    long hessians = 7L * 14_336 * 14_336 * Float.BYTES;
    assertThat(plan.deviceBytes()).isGreaterThan(plan.expertsAtOnce() * hessians);
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(80 * GIB);
  }

  @Test
  void aDeviceThatIsTooSmallForOneExpertDividesItsRows() {
    MemoryPlan plan = new MemoryPlan(olmoe(65_536), GIB, 0);
    assertThat(plan.expertsAtOnce()).isEqualTo(1);
    assertThat(plan.rowsAtOnce(1, 2048)).isLessThan(2048);
    assertThat(plan.deviceBytes()).isGreaterThan(GIB);
  }

  @Test
  void runningOutOfMemoryHalvesEverythingThatCanBeDivided() {
    MemoryPlan first = new MemoryPlan(olmoe(65_536), 16 * GIB, 0);
    MemoryPlan second = new MemoryPlan(olmoe(65_536), 16 * GIB, 1);
    assertThat(second.tokensPerBatch()).isEqualTo(first.tokensPerBatch() / 2);
    assertThat(second.logitsBytes()).isEqualTo(first.logitsBytes() / 2);
    assertThat(second.expertsAtOnce()).isEqualTo(first.expertsAtOnce() / 2);
    assertThat(second.rowsAtOnce(1, 2048)).isLessThan(first.rowsAtOnce(1, 2048));
    assertThat(second.deviceBytes()).isLessThan(first.deviceBytes());
  }

  @Test
  void aDenseModelHasNoExpertsToSolve() {
    RunShape dense = new RunShape(2, 64, 4 * 64 * 64, 0, 0, 0, 128, 1000, 512);
    assertThat(new MemoryPlan(dense, GIB, 0).expertsAtOnce()).isZero();
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
  void trialsOfSettingsCostAFactorAndAFewOutputsEach() {
    double none = WorkEstimate.trials(olmoe(65_536), 0).operations();
    double one = WorkEstimate.trials(olmoe(65_536), 1).operations();
    double four = WorkEstimate.trials(olmoe(65_536), 4).operations();
    double each =
        16
            * (2 * (4.0 / 3 * Math.pow(2048, 3) + 128.0 * 2048 * 2048)
                + 64
                    * (4.0 / 3 * (Math.pow(2048, 3) + Math.pow(1024, 3))
                        + 128.0 * (2048 * 2048 + 1024 * 1024)));
    assertThat(none).isZero();
    assertThat((four - one) / 3).isCloseTo(each, within(each * 1e-9));
    assertThat(four / WorkEstimate.of(olmoe(65_536)).operations()).isBetween(0.05, 0.5);
  }

  @Test
  void aSizeFromKeptHessiansTakesTheSolversShareAlone() {
    double whole = WorkEstimate.of(olmoe(65_536)).operations();
    double kept = WorkEstimate.calibration(olmoe(65_536)).operations();
    double size = WorkEstimate.solving(olmoe(65_536)).operations();
    assertThat(kept + 5 * size).isLessThan(2 * whole);
    assertThat(kept + size).isLessThan(whole);
  }

  @Test
  void shapesThatDoNotFitTogetherAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RunShape(1, 64, 64, 4, 8, 32, 0, 1000, 512))
        .withMessageContaining("4 experts of width 32, 8 per token");
  }
}
