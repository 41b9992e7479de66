package org.alphaquant.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobListener;

/** Counts of this process; add up those of all processes. */
final class JobMeters implements JobListener {

  private static final String NO_ERROR = "none";
  private static final Duration[] BUCKETS = {
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(15),
    Duration.ofMinutes(1),
    Duration.ofMinutes(5),
    Duration.ofMinutes(15),
    Duration.ofHours(1),
    Duration.ofHours(4),
    Duration.ofHours(12),
    Duration.ofHours(24)
  };

  private final MeterRegistry registry;
  private final Counter submitted;
  private final Counter lostLeases;
  private final Timer queueWait;

  JobMeters(MeterRegistry registry) {
    this.registry = registry;
    this.submitted =
        Counter.builder("alphaquant.jobs.submitted")
            .description("Jobs created; replays of an idempotency key not counted")
            .register(registry);
    this.lostLeases =
        Counter.builder("alphaquant.leases.lost")
            .description("Jobs taken from workers that went silent")
            .tag("reason", "expired")
            .register(registry);
    this.queueWait =
        Timer.builder("alphaquant.job.queue.wait")
            .description("From creation to the first claim")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    finished("succeeded", NO_ERROR);
    finished("cancelled", NO_ERROR);
    for (JobError.Kind kind : JobError.Kind.values()) {
      finished("failed", lower(kind));
    }
    for (JobState state : JobState.values()) {
      if (state.isTerminal()) {
        duration(lower(state));
      }
    }
  }

  @Override
  public void created(Job job) {
    submitted.increment();
  }

  @Override
  public void claimed(Job job) {
    if (job.leaseEpoch() == 1) {
      job.startedAt().ifPresent(start -> queueWait.record(between(job.createdAt(), start)));
    }
  }

  @Override
  public void leaseLost(Job job) {
    lostLeases.increment();
  }

  /** Counts the end of a job; one that returns to the queue has not ended. */
  @Override
  public void changed(Job job) {
    if (!job.state().isTerminal()) {
      return;
    }
    String outcome = lower(job.state());
    String errorClass =
        job.state() == JobState.FAILED
            ? job.error().map(error -> lower(error.kind())).orElse(NO_ERROR)
            : NO_ERROR;
    finished(outcome, errorClass).increment();
    job.startedAt()
        .flatMap(start -> job.finishedAt().map(end -> between(start, end)))
        .ifPresent(duration(outcome)::record);
  }

  private Counter finished(String outcome, String errorClass) {
    return Counter.builder("alphaquant.jobs.finished")
        .description("Jobs that ended for good")
        .tag("outcome", outcome)
        .tag("error_class", errorClass)
        .register(registry);
  }

  private Timer duration(String outcome) {
    return Timer.builder("alphaquant.job.duration")
        .description("From the first claim to the end")
        .tag("outcome", outcome)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }

  private static Duration between(Instant start, Instant end) {
    Duration duration = Duration.between(start, end);
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
