package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.JobFilter;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** Cancels that come at any instant of a job's life: before, in, between and after its layers. */
class CancelFaultTest {
  private static final String MODEL = ScriptedRunner.model(6, 8);

  private static JdbcConnectionDetails details;
  private static JobDatabase client;
  private static Jobs jobs;

  @TempDir Path data;

  @BeforeAll
  static void start() {
    details = TestDatabases.create();
    client = new JobDatabase(details);
    jobs = client.get(Jobs.class);
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  @Test
  void everyJobEndsOnceWhenEverItIsCancelled() {
    cancelAtRandom(60);
  }

  @Tag("faults")
  @Test
  void everyOfAThousandJobsEndsOnceWhenEverItIsCancelled() {
    cancelAtRandom(1000);
  }

  private void cancelAtRandom(int count) {
    ScheduledExecutorService clock = Executors.newScheduledThreadPool(4);
    try (TestWorker worker =
        new TestWorker(details, data, new ScriptedRunner(), "devices=cpu,cpu,cpu,cpu")) {
      for (int i = 0; i < count; i++) {
        UUID id = jobs.create(new NewJob("ann", JobSpec.of(MODEL), null)).job().id();
        long delay = ThreadLocalRandom.current().nextLong(120);
        var cancelled = clock.schedule(() -> jobs.cancel(id, "now"), delay, TimeUnit.MILLISECONDS);
        if (i % 4 == 3) {
          await().until(cancelled::isDone);
        }
      }
      await()
          .atMost(Duration.ofMinutes(3))
          .until(
              () ->
                  jobs.counts().get(JobState.QUEUED) + jobs.counts().get(JobState.RUNNING) == 0
                      && worker.get(Worker.class).freeSlots() == 4);
    } finally {
      clock.shutdownNow();
    }
    Map<JobState, Integer> ends = new TreeMap<>();
    for (Job job : jobs.list(new JobFilter(null, null, null), null, count + 1)) {
      assertEndedOnce(job);
      ends.merge(job.state(), 1, Integer::sum);
    }
    assertThat(ends.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(count);
    assertThat(ends).containsKey(JobState.CANCELLED).doesNotContainKey(JobState.FAILED);
    FaultReport.survived(
        "F7", "cancelled %d jobs at random instants, each ended once: %s", count, ends);
  }

  private void assertEndedOnce(Job job) {
    var events = client.get(JobEvents.class).after(job.id(), 0, 1000);
    assertThat(events).filteredOn(JobEvent::isTerminal).hasSize(1);
    assertThat(events)
        .extracting(JobEvent::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, job.eventSeq()).boxed().toList());
    assertThat(job.failures() + job.lostLeases()).isZero();
    Path folder = data.resolve("work").resolve(job.id().toString());
    assertThat(Files.exists(folder)).isEqualTo(job.state() == JobState.SUCCEEDED);
  }
}
