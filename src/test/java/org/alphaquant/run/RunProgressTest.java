package org.alphaquant.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.quantize.RunObserver.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunProgressTest {

  private static final long SECOND = 1_000_000_000L;

  @TempDir Path folder;

  private final AtomicLong nanos = new AtomicLong();

  private TestContext context() {
    return TestContext.of(JobSpec.of("m"), folder);
  }

  private static JobProgress last(TestContext context) {
    return context.progress.get(context.progress.size() - 1);
  }

  @Test
  void whatRemainsIsReckonedFromTheSpeedSoFar() {
    TestContext context = context();
    RunProgress progress = new RunProgress(context, new RunProgress.Tokens(1000, 0), nanos::get);
    nanos.set(10 * SECOND);
    progress.progress(Phase.QUANTIZE, 2, 10);
    assertThat(last(context).fraction()).isCloseTo(0.2, within(1e-9));
    assertThat(last(context).estimatedRemainingSeconds()).isEqualTo(40);
  }

  @Test
  void aConversionIsDoneOnceAllIsWritten() {
    TestContext context = context();
    RunProgress progress = RunProgress.ofConversion(context);
    progress.progress(Phase.PREPARE, 5, 10);
    assertThat(last(context).fraction()).isCloseTo(0.25, within(1e-9));
    progress.progress(Phase.WRITE, 10, 10);
    assertThat(last(context).fraction()).isEqualTo(1);
  }

  @Test
  void layersOfAnEarlierAttemptSayNothingAboutTheSpeedOfThisOne() {
    TestContext context = context();
    RunProgress progress = new RunProgress(context, new RunProgress.Tokens(1000, 0), nanos::get);
    progress.adopted(Phase.QUANTIZE, 8, 10);
    progress.progress(Phase.QUANTIZE, 8, 10);
    assertThat(last(context).estimatedRemainingSeconds()).isNull();
    nanos.set(10 * SECOND);
    progress.progress(Phase.QUANTIZE, 9, 10);
    assertThat(last(context).fraction()).isCloseTo(0.9, within(1e-9));
    assertThat(last(context).estimatedRemainingSeconds()).isEqualTo(10);
  }

  @Test
  void aPerplexityThatWasMeasuredBeforeIsNoWorkOfThisAttempt() {
    TestContext context = context();
    RunProgress progress = new RunProgress(context, new RunProgress.Tokens(1000, 2000), nanos::get);
    progress.adopted(Phase.EVALUATE_BEFORE, 1, 1);
    nanos.set(10 * SECOND);
    progress.progress(Phase.QUANTIZE, 5, 10);
    assertThat(last(context).fraction()).isCloseTo(0.5, within(1e-9));
    assertThat(last(context).estimatedRemainingSeconds()).isEqualTo(20);
  }
}
