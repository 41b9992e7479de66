package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database server that is stopped and started while jobs run. */
class DatabaseFaultTest {
  @TempDir Path server;
  @TempDir Path data;

  @Test
  void aRestartOfTheServerLosesAndDoublesNothing() {
    restart(Duration.ofSeconds(3), RestartableDatabase::stop);
  }

  @Test
  void aCrashOfTheServerLosesAndDoublesNothing() {
    restart(Duration.ofMillis(100), RestartableDatabase::crash);
  }

  @Tag("faults")
  @Test
  void aServerThatIsAwayForAMinuteLosesAndDoublesNothing() {
    restart(Duration.ofMinutes(1), RestartableDatabase::stop);
  }

  private void restart(Duration away, Consumer<RestartableDatabase> end) {
    String model = ScriptedRunner.model(40, 50);
    try (RestartableDatabase database = new RestartableDatabase(server);
        JobDatabase client = new JobDatabase(database.details());
        TestWorker worker =
            new TestWorker(
                database.details(), data, new ScriptedRunner(), "devices=cpu,cpu", "lease=6s")) {
      Jobs jobs = client.get(Jobs.class);
      List<UUID> ids =
          Stream.generate(() -> jobs.create(new NewJob("ann", JobSpec.of(model), null)).job().id())
              .limit(4)
              .toList();
      await().until(() -> jobs.find(ids.get(1)).flatMap(Job::progress).isPresent());
      long stopped = System.nanoTime();
      end.accept(database);
      await().atMost(away.plusSeconds(10)).pollDelay(away).until(() -> true);
      database.start();
      double seconds = (System.nanoTime() - stopped) / 1e9;
      await()
          .atMost(Duration.ofSeconds(90))
          .ignoreExceptions()
          .until(() -> ids.stream().allMatch(id -> jobs.find(id).get().state().isTerminal()));

      List<Job> ended = ids.stream().map(id -> jobs.find(id).orElseThrow()).toList();
      for (Job job : ended) {
        assertWhole(client, job, model);
      }
      await().until(() -> worker.get(Worker.class).freeSlots() == 2);
      FaultReport.survived(
          "F4",
          "the database was away for %.1f s with 2 jobs running and 2 queued: all 4 succeeded,"
              + " %d leases lost, no event missing",
          seconds,
          ended.stream().mapToInt(Job::lostLeases).sum());
    }
  }

  private void assertWhole(JobDatabase client, Job job, String model) {
    assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(job.failures()).isZero();
    assertThat(data.resolve(job.artifactDirectory().orElseThrow()).resolve("model"))
        .hasContent(ScriptedRunner.expected(model));
    List<JobEvent> events = client.get(JobEvents.class).after(job.id(), 0, 1000);
    assertThat(events).filteredOn(JobEvent::isTerminal).hasSize(1);
    assertThat(events)
        .extracting(JobEvent::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, job.eventSeq()).boxed().toList());
  }
}
