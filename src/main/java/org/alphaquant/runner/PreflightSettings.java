package org.alphaquant.runner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How tokenizers are tried when a job is posted.
 *
 * @param runner whether runners may be started for that here
 * @param runners how many at a time
 * @param queue requests that may wait for one
 * @param timeout longest trial
 * @param heap a runner's Java heap
 * @param maxMemory anonymous and shared memory of a runner
 */
@ConfigurationProperties("alphaquant.preflight")
record PreflightSettings(
    @DefaultValue("true") boolean runner,
    @DefaultValue("2") int runners,
    @DefaultValue("16") int queue,
    @DefaultValue("10s") Duration timeout,
    @DefaultValue("512MB") DataSize heap,
    @DefaultValue("2GB") DataSize maxMemory) {

  PreflightSettings {
    if (runners < 1 || queue < 0) {
      throw new IllegalArgumentException(
          "alphaquant.preflight.runners is %d and queue %d; they must be at least 1 and 0"
              .formatted(runners, queue));
    }
  }

  /** The same for the runners themselves. */
  RunnerSettings runnerSettings(RunnerSettings jobs) {
    return new RunnerSettings(
        RunnerSettings.Mode.PROCESS,
        heap,
        maxMemory,
        jobs.maxJobs(),
        jobs.maxGrowth(),
        timeout,
        timeout,
        jobs.startTimeout(),
        jobs.command(),
        withQuickStart(jobs.options()),
        jobs.cgroup());
  }

  // Their work takes a second at most: there is nothing to optimize for.
  private static List<String> withQuickStart(List<String> options) {
    List<String> all = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
    all.addAll(options);
    return all;
  }
}
