package org.alphaquant.job.row;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long finished jobs are kept.
 *
 * @param jobs retention of a finished job, its events and its result, unless the job sets its own
 * @param attempts retention of the finished layers of a failed job, which a retry can reuse
 * @param sweepEvery interval between the sweeps of each process
 */
@ConfigurationProperties("alphaquant.retention")
public record RetentionSettings(
    @DefaultValue("30d") Duration jobs,
    @DefaultValue("1d") Duration attempts,
    @DefaultValue("5m") Duration sweepEvery) {
  public RetentionSettings {
    check("jobs", jobs);
    check("attempts", attempts);
    check("sweep-every", sweepEvery);
  }

  private static void check(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "alphaquant.retention.%s is %s but must be positive".formatted(name, value));
    }
  }
}
