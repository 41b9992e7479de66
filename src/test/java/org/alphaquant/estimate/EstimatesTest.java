package org.alphaquant.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimatesTest {
  private static final long GIB = 1L << 30;

  private static RunShape olmoe(long tokens) {
    return new RunShape(16, 2048, 4L * 2048 * 2048, 64, 8, 1024, 0, 50_304, tokens, 2048);
  }

  private static RunShape mixtral() {
    return new RunShape(32, 4096, 2L * 4096 * 5120, 8, 2, 14_336, 0, 32_000, 262_144, 4096);
  }

  @Test
  void allExpertsAreSolvedAtOnceWhereTheyFit() {
    MemoryPlan plan = new MemoryPlan(olmoe(65_536), 139 * GIB, 0);
    assertThat(plan.expertsAtOnce()).isEqualTo(64);
    assertThat(plan.rowsAtOnce(64, 2048)).isGreaterThanOrEqualTo(2048);
    long each = 4 * (7L * 2048 * 2048 + 11L * 2 * 2048 * 1024 + 3L * 2048 * 1024);
    assertThat(plan.deviceBytes()).isEqualTo(standing(65_536) + 64 * each);
  }

  // Three streams, attention's weights, pairs, the layer's mean Hessians and the embedding.
  private static long standing(long tokens) {
    long means = 4L * 2048 * 2048 + 12L * 1024 * 1024;
    long streams = 4 * (3L * tokens * 2048 + 4L * 2048 * 2048);
    return streams + tokens * 8 * 24 + means + 2L * 50_304 * 2048;
  }

  // A context, and what lies fallow between arrays.
  private static long withRoom(long arrays) {
    return (long) (arrays / 0.9) + GIB;
  }

  @Test
  void kernelsHoldLessThanScriptsAndWhatDownReadsIsKeptBesideThem() {
    MemoryPlan plan = new MemoryPlan(olmoe(262_144), 139 * GIB, 0, true, 1);
    long weights = 64L * 4 * 3 * 2048 * 1024;
    long gateAndUp = 64L * 4 * (5L * 2048 * 2048 + 6L * 2 * 2048 * 1024);
    long down = 64L * 4 * (5L * 1024 * 1024 + 6L * 2048 * 1024);
    long read = 4L * 262_144 * 8 * 1024;
    assertThat(plan.keepsActivations(read, 64)).isTrue();
    assertThat(down + read).isGreaterThan(gateAndUp);
    assertThat(plan.deviceBytes())
        .isEqualTo(withRoom(standing(262_144) + weights + down + read))
        .isBetween(23L * 1_000_000_000, 26L * 1_000_000_000);
  }

  @Test
  void whatDownReadsIsComputedAgainWhereTheDeviceHasNoRoomForIt() {
    MemoryPlan plan = new MemoryPlan(mixtral(), 80 * GIB, 0, true, 1);
    assertThat(plan.expertsAtOnce()).isEqualTo(8);
    assertThat(plan.keepsActivations(4L * 262_144 * 2 * 14_336, 8)).isFalse();
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(80 * GIB);
    MemoryPlan large = new MemoryPlan(mixtral(), 139 * GIB, 0, true, 1);
    assertThat(large.keepsActivations(4L * 262_144 * 2 * 14_336, 8)).isTrue();
    assertThat(large.deviceBytes()).isBetween(plan.deviceBytes(), 139 * GIB);
  }

  @Test
  void severalDevicesDivideExpertsAndEachHoldsWhatAllOfThemRead() {
    MemoryPlan two = new MemoryPlan(olmoe(131_072), 139 * GIB, 0, true, 2);
    MemoryPlan one = new MemoryPlan(olmoe(262_144), 139 * GIB, 0, true, 1);
    assertThat(two.expertsAtOnce()).isEqualTo(32);
    assertThat(two.deviceBytes()).isBetween(19L * 1_000_000_000, 22L * 1_000_000_000);
    assertThat(two.deviceBytes()).isLessThan(one.deviceBytes());
    MemoryPlan small = new MemoryPlan(olmoe(131_072), 12 * GIB, 0, true, 2);
    assertThat(small.expertsAtOnce())
        .isLessThan(new MemoryPlan(olmoe(131_072), 12 * GIB, 0, true, 1).expertsAtOnce());
    assertThat(small.deviceBytes()).isLessThanOrEqualTo(12 * GIB);
  }

  @Test
  void codesOfGateAndUpWaitOnTheDeviceWhereThereAreSeveralChunks() {
    RunShape deepseek =
        new RunShape(61, 7168, 187_107_328, 256, 8, 2048, 2048, 129_280, 262_144, 16_384);
    MemoryPlan plan = new MemoryPlan(deepseek, 80_000_000_000L, 0, true, 1);
    long codes = 256L * 2 * 7168 * 2048;
    long streams = 3 * 4L * 262_144 * 7168;
    long each = 4 * (3L * 7168 * 2048 + 5L * 7168 * 7168 + 6L * 2 * 7168 * 2048);
    assertThat(plan.expertsAtOnce()).isBetween(8, 255);
    assertThat(streams + codes + plan.expertsAtOnce() * each).isLessThan(plan.deviceBytes());
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(80_000_000_000L);
  }

  @Test
  void chunksAreAlike() {
    assertThat(new MemoryPlan(mixtral(), 64 * GIB, 0, true, 1).expertsAtOnce()).isEqualTo(4);
  }

  @Test
  void whatAWideAttentionsOutputProjectionReadsCounts() {
    RunShape latent = new RunShape(61, 7168, 187_107_328, 0, 0, 0, 0, 129_280, 262_144, 16_384);
    long read = 4L * 262_144 * 16_384;
    long stream = 4L * 262_144 * 7168;
    assertThat(new MemoryPlan(latent, 80 * GIB, 0, true, 1).deviceBytes())
        .isGreaterThan(read + stream + 4 * 6L * 16_384 * 16_384)
        .isLessThan(80 * GIB);
  }

  @Test
  void aSmallDeviceTakesExpertsInChunksThatItHasRoomFor() {
    MemoryPlan plan = new MemoryPlan(olmoe(65_536), 8 * GIB, 0);
    assertThat(plan.expertsAtOnce()).isBetween(1, 63);
    assertThat(plan.deviceBytes()).isLessThanOrEqualTo(8 * GIB);
  }

  @Test
  void aDownProjectionWiderThanTheStreamCountsWithItsOwnHessian() {
    MemoryPlan plan = new MemoryPlan(mixtral(), 80 * GIB, 0);
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
    RunShape dense = new RunShape(2, 64, 4 * 64 * 64, 0, 0, 0, 128, 1000, 512, 64);
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
        .isThrownBy(() -> new RunShape(1, 64, 64, 4, 8, 32, 0, 1000, 512, 64))
        .withMessageContaining("4 experts of width 32, 8 per token");
  }
}
