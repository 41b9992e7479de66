package org.alphaquant.metrics;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobListener;
import org.alphaquant.measure.PerplexityChange;

/** Perplexity before and after quantization, where jobs measured it. */
final class QualityMeters implements JobListener {

  private static final double[] PERPLEXITIES = {2, 4, 6, 8, 10, 15, 20, 50, 100, 1000};
  private static final double[] RATIOS = {1, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 10};

  private final DistributionSummary before;
  private final DistributionSummary after;
  private final DistributionSummary ratio;

  QualityMeters(MeterRegistry registry) {
    before = perplexity(registry, "before");
    after = perplexity(registry, "after");
    ratio =
        DistributionSummary.builder("alphaquant.job.perplexity.ratio")
            .description("Perplexity of the quantized model by that of the original")
            .serviceLevelObjectives(RATIOS)
            .register(registry);
  }

  private static DistributionSummary perplexity(MeterRegistry registry, String model) {
    return DistributionSummary.builder("alphaquant.job.perplexity")
        .description("Perplexity of the original and of the quantized model of finished jobs")
        .tag("model", model)
        .serviceLevelObjectives(PERPLEXITIES)
        .register(registry);
  }

  @Override
  public void changed(Job job) {
    if (job.state() == JobState.SUCCEEDED) {
      job.result().map(result -> result.perplexity()).ifPresent(this::record);
    }
  }

  private void record(PerplexityChange perplexity) {
    after.record(perplexity.after());
    // An evaluation has no figure before.
    if (perplexity.before() != null) {
      before.record(perplexity.before());
      ratio.record(perplexity.after() / perplexity.before());
    }
  }
}
