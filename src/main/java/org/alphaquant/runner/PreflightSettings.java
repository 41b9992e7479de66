package org.alphaquant.runner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How tokenizers are tried before a job is queued.
 *
 * @param runner whether this process may start runners for it
 * @param runners number of runners
 * @param queue number of requests that may wait for a runner
 * @param timeout time limit of a trial
 * @param heap Java heap of a runner
 * @param maxMemory limit of a runner's anonymous and shared memory
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

  /** The settings of these runners. */
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

  // Their work takes a second at most, so the optimizing compiler would not pay off.
  private static List<String> withQuickStart(List<String> options) {
    List<String> all = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1"));
    all.addAll(options);
    return all;
  }
}
