package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.alphaquant.QuickJvm;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.runner.child.ScriptedRunnerMain;
import org.alphaquant.worker.ScriptedRunner;
import org.alphaquant.worker.TestJobs;
import org.alphaquant.worker.TestWorker;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.util.unit.DataSize;

/** A pool of runners that do as their job's model says, and what whole jobs have to come to. */
final class ScriptedRunners implements AutoCloseable {
  // More kills are aimed at a job here than one could bring upon itself.
  private static final int MOST_KILLS = 1000;

  private final TestJobs jobs;
  private final Path data;
  private final RunnerSettings settings;
  private final RunnerMeters meters = new RunnerMeters(new SimpleMeterRegistry());
  private final RunnerPool pool;

  /**
   * @param silence longest time without a sign of life
   */
  ScriptedRunners(TestJobs jobs, Path data, Duration silence) {
    this.jobs = jobs;
    this.data = data;
    this.settings = settings(silence);
    this.pool =
        new RunnerPool(RunnerCommand.of(settings, ScriptedRunnerMain.class), settings, meters);
  }

  private static RunnerSettings settings(Duration silence) {
    return new RunnerSettings(
        RunnerSettings.Mode.PROCESS,
        DataSize.ofMegabytes(96),
        DataSize.ofMegabytes(300),
        50,
        DataSize.ofMegabytes(200),
        Duration.ofSeconds(60),
        silence,
        Duration.ofSeconds(60),
        List.of(),
        QuickJvm.OPTIONS,
        null);
  }

  /** A worker that runs its jobs in this pool. */
  TestWorker worker(JdbcConnectionDetails database, String... properties) {
    ProcessJobRunner runner =
        new ProcessJobRunner(
            pool,
            settings,
            new MemoryLimit(settings, null),
            List.of(data),
            List.of(data),
            Duration.ofSeconds(2),
            MOST_KILLS,
            meters);
    return new TestWorker(database, data, runner, properties);
  }

  List<Long> pids() {
    return pool.pids();
  }

  void signalAll(String name) {
    pids().forEach(pid -> signal(name, pid));
  }

  /** Sends a signal to one of them; returns how many were reached. */
  int signalOne(String name, Random random) {
    List<Long> pids = pids();
    return pids.isEmpty() ? 0 : signal(name, pids.get(random.nextInt(pids.size())));
  }

  /** Returns how many were reached. */
  static int signal(String name, long pid) {
    try {
      return new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor() == 0
          ? 1
          : 0;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static boolean lives(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  /** Number of jobs that have not ended. */
  long open() {
    return jobs.counts().get(JobState.QUEUED) + jobs.counts().get(JobState.RUNNING);
  }

  void assertWhole(Job job, String model) {
    assertThat(job.state()).as(() -> job.error().toString()).isEqualTo(JobState.SUCCEEDED);
    assertThat(data.resolve(job.artifactDirectory().orElseThrow()).resolve("model"))
        .hasContent(ScriptedRunner.expected(model));
  }

  /**
   * Layers that all attempts of a job made; the job ended once and whole. A layer that was made but
   * not told before a kill is adopted, and not counted.
   */
  int layersOf(Job job, String model) {
    assertWhole(job, model);
    jobs.assertGapFree(job);
    List<JobEvent> events = jobs.events(job);
    assertThat(events).filteredOn(JobEvent::isTerminal).hasSize(1);
    return (int)
        events.stream()
            .filter(event -> event.type().equals("metric"))
            .filter(event -> event.data().toString().contains("\"adopted\":false"))
            .count();
  }

  @Override
  public void close() {
    pool.close();
  }
}
