package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.runner.child.ScriptedRunnerMain;
import org.alphaquant.worker.ScriptedRunner;
import org.alphaquant.worker.TestJobs;
import org.alphaquant.worker.TestWorker;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

/** Runners that are killed at random instants below a worker, and jobs that end their runner. */
class RunnerFaultTest {
  private static final int LAYERS = 8;
  private static final int OPEN_JOBS = 3;
  // More kills are aimed at a job here than one could bring upon itself.
  private static final int MOST_KILLS = 1000;

  @RegisterExtension private static final TestJobs jobs = new TestJobs();

  @TempDir Path data;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());

  @Test
  void aRunnerThatIsKilledCostsAtMostItsUnitOfWork() {
    kill(8);
  }

  @Tag("faults")
  @Test
  void twoHundredKillsCostAtMostTheirUnitsOfWork() {
    kill(200);
  }

  private void kill(int kills) {
    Random random = new Random(seed);
    RunnerSettings settings = settings();
    RunnerMeters meters = new RunnerMeters(new SimpleMeterRegistry());
    Map<UUID, String> open = new LinkedHashMap<>();
    try (RunnerPool pool =
            new RunnerPool(RunnerCommand.of(settings, ScriptedRunnerMain.class), settings, meters);
        TestWorker worker =
            new TestWorker(
                jobs.database(), data, runner(pool, settings, meters), "devices=cpu,cpu")) {
      for (int done = 0; done < kills; done += killOne(pool, random)) {
        while (running() < OPEN_JOBS) {
          String model = ScriptedRunner.model(LAYERS, 20 + open.size() % 5);
          open.put(jobs.create(model), model);
        }
        LockSupport.parkNanos(random.nextLong(400_000_000));
      }
      UUID bomb = jobs.create("bomb");
      await().atMost(Duration.ofMinutes(3)).until(() -> running() == 0);
      assertThat(jobs.find(bomb).error())
          .get()
          .extracting(JobError::code)
          .isEqualTo("runner-memory");
      assertThat(jobs.find(bomb).error())
          .get()
          .extracting(JobError::kind)
          .isEqualTo(JobError.Kind.USER);
      assertThat(worker.exits()).isEmpty();
    }
    int layers =
        open.entrySet().stream().mapToInt(it -> layersOf(it.getKey(), it.getValue())).sum();
    // A layer that was made but not told before the kill is adopted, and not counted at all.
    assertThat(layers).isPositive().isLessThanOrEqualTo(LAYERS * open.size() + kills);
    FaultReport.survived(
        "runner",
        "killed %d runners with seed %d: %d jobs were whole, %d layers were made instead of %d, and a"
            + " job that filled its runner's memory twice failed alone",
        kills,
        seed,
        open.size(),
        layers,
        LAYERS * open.size());
  }

  private ProcessJobRunner runner(RunnerPool pool, RunnerSettings settings, RunnerMeters meters) {
    return new ProcessJobRunner(
        pool,
        settings,
        new MemoryLimit(settings, null),
        List.of(data),
        List.of(data),
        Duration.ofSeconds(2),
        MOST_KILLS,
        meters);
  }

  private static RunnerSettings settings() {
    return new RunnerSettings(
        RunnerSettings.Mode.PROCESS,
        DataSize.ofMegabytes(96),
        DataSize.ofMegabytes(300),
        50,
        DataSize.ofMegabytes(200),
        Duration.ofSeconds(60),
        Duration.ofSeconds(60),
        Duration.ofSeconds(60),
        List.of(),
        List.of("-XX:TieredStopAtLevel=1"),
        null);
  }

  private static long running() {
    return jobs.counts().get(JobState.QUEUED) + jobs.counts().get(JobState.RUNNING);
  }

  /** Returns how many were killed. */
  private static int killOne(RunnerPool pool, Random random) {
    List<Long> pids = pool.pids();
    if (pids.isEmpty()) {
      return 0;
    }
    long pid = pids.get(random.nextInt(pids.size()));
    boolean kill = random.nextInt(4) > 0;
    return ProcessHandle.of(pid)
            .map(process -> kill ? process.destroyForcibly() : process.destroy())
            .orElse(false)
        ? 1
        : 0;
  }

  /** Layers that all attempts of a job made; the job ended once and whole. */
  private int layersOf(UUID id, String model) {
    Job job = jobs.find(id);
    assertThat(job.state()).as(() -> job.error().toString()).isEqualTo(JobState.SUCCEEDED);
    assertThat(data.resolve(job.artifactDirectory().orElseThrow()).resolve("model"))
        .hasContent(ScriptedRunner.expected(model));
    jobs.assertGapFree(job);
    List<JobEvent> events = jobs.events(job);
    assertThat(events).filteredOn(JobEvent::isTerminal).hasSize(1);
    return (int)
        events.stream()
            .filter(event -> event.type().equals("metric"))
            .filter(event -> event.data().toString().contains("\"adopted\":false"))
            .count();
  }
}
