package org.alphaquant.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Jobs;

/** Figures of the database. Every process reports the same: take the maximum, not the sum. */
final class QueueGauges implements MeterBinder {

  private static final Duration SOON = Duration.ofSeconds(5);

  /** Counting millions of finished jobs would load the database. */
  private static final Duration LATER = Duration.ofMinutes(1);

  private final Cached<Map<JobState, Double>> active;
  private final Cached<Map<JobState, Double>> all;
  private final Cached<Double> oldestWait;

  QueueGauges(Jobs jobs) {
    this.active = new Cached<>(SOON, () -> doubles(jobs.activeCounts()), unknownCounts());
    this.all = new Cached<>(LATER, () -> doubles(jobs.counts()), unknownCounts());
    this.oldestWait = new Cached<>(SOON, jobs::oldestWaitSeconds, Double.NaN);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (JobState state : JobState.values()) {
      Cached<Map<JobState, Double>> counts = state.isTerminal() ? all : active;
      Gauge.builder("alphaquant.jobs", counts, cached -> cached.get().get(state))
          .description("Jobs in each state; the same from every process, so take the maximum")
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    Gauge.builder("alphaquant.queue.oldest.age", oldestWait, Cached::get)
        .description("Wait of the first runnable job; the same from every process")
        .baseUnit("seconds")
        .register(registry);
  }

  private static Map<JobState, Double> doubles(Map<JobState, Long> counts) {
    return counts.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> (double) entry.getValue()));
  }

  private static Map<JobState, Double> unknownCounts() {
    return Arrays.stream(JobState.values())
        .collect(Collectors.toMap(Function.identity(), state -> Double.NaN));
  }
}
