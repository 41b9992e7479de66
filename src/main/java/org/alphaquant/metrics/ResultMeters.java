package org.alphaquant.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.stream.StreamSupport;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobListener;
import tools.jackson.databind.JsonNode;

/** Outcomes of ladders, contracts and traffic. */
final class ResultMeters implements JobListener {

  private static final String NOT_KEPT = "contract-not-kept";
  private static final double[] DISTANCES = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5};

  private final Counter sizes;
  private final Counter kept;
  private final Counter notKept;
  private final DistributionSummary given;
  private final DistributionSummary weighted;

  ResultMeters(MeterRegistry registry) {
    sizes =
        Counter.builder("alphaquant.ladder.sizes")
            .description("Sizes that finished ladders have")
            .register(registry);
    kept = contracts(registry, "kept");
    notKept = contracts(registry, "not_kept");
    given = distances(registry, "given");
    weighted = distances(registry, "weighted");
  }

  private static Counter contracts(MeterRegistry registry, String outcome) {
    return Counter.builder("alphaquant.contracts")
        .description("Contracts on quality that were proved, or that no plan keeps")
        .tag("outcome", outcome)
        .register(registry);
  }

  private static DistributionSummary distances(MeterRegistry registry, String text) {
    return DistributionSummary.builder("alphaquant.traffic.distance")
        .description(
            "Mean over layers of the total variation between the experts' shares of traffic and of the calibration text")
        .tag("text", text)
        .serviceLevelObjectives(DISTANCES)
        .register(registry);
  }

  @Override
  public void changed(Job job) {
    if (job.state() == JobState.SUCCEEDED) {
      job.result().map(result -> result.ladder()).ifPresent(all -> sizes.increment(all.size()));
      if (job.spec().contract() != null) {
        kept.increment();
      }
    } else if (job.error().map(JobError::code).filter(NOT_KEPT::equals).isPresent()
        && job.state() == JobState.FAILED) {
      notKept.increment();
    }
  }

  @Override
  public void appended(JobEvent event) {
    if (event.type().equals("traffic")) {
      given.record(mean(event.data(), "before"));
      weighted.record(mean(event.data(), "after"));
    }
  }

  private static double mean(JsonNode fit, String which) {
    return StreamSupport.stream(fit.path("layers").spliterator(), false)
        .mapToDouble(layer -> layer.path(which).asDouble())
        .average()
        .orElse(0);
  }
}
