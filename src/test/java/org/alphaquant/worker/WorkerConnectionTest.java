package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.Waiting;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

// A worker that is only open, not asked, is what these tests are about.
@SuppressWarnings("try")
class WorkerConnectionTest {
  private static final JobResult NOTHING = new JobResult(null, null, List.of());

  @RegisterExtension private static final TestJobs jobs = new TestJobs();

  @TempDir Path data;

  @Test
  void aWorkerCutOffFromTheDatabaseStopsBeforeAnotherStarts() throws Exception {
    cutOff();
  }

  @Tag("faults")
  @RepeatedTest(15)
  void aWorkerCutOffFromTheDatabaseStopsEveryTime() throws Exception {
    cutOff();
  }

  @Test
  void whatAFinishedAttemptMadeIsKeptUntilTheRowSaysThatItSucceeded() throws Exception {
    try (TcpProxy proxy = new TcpProxy(jobs.database())) {
      JobRunner runner =
          context -> {
            if (context.earlierAttempts().isEmpty()) {
              Files.writeString(context.attemptDirectory().resolve("layer-00"), "done");
              // The work is finished, and from here on no row can be written.
              proxy.fallSilent();
              return NOTHING;
            }
            Path layer = context.earlierAttempts().get(0).resolve("layer-00");
            Files.copy(layer, context.artifactDirectory().resolve("model"));
            return NOTHING;
          };
      try (TestWorker cutOff = new TestWorker(proxy.through(jobs.database()), data, runner)) {
        UUID id = jobs.create("m");
        await().until(() -> jobs.find(id).leaseEpoch() == 1);
        try (TestWorker other = new TestWorker(jobs.database(), data, runner)) {
          Job done = jobs.awaitState(id, JobState.SUCCEEDED);
          assertThat(done.leaseEpoch()).isEqualTo(2);
          assertThat(data.resolve(done.artifactDirectory().orElseThrow()).resolve("model"))
              .hasContent("done");
        } finally {
          proxy.recover();
        }
      }
    }
  }

  private void cutOff() throws Exception {
    Queue<Pass> passes = new ConcurrentLinkedQueue<>();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch enough = new CountDownLatch(1);
    JobRunner runner =
        context -> {
          while (enough.getCount() > 0) {
            context.ensureHeld();
            passes.add(new Pass(context.leaseEpoch(), System.nanoTime()));
            started.countDown();
            LockSupport.parkNanos(2_000_000);
          }
          return NOTHING;
        };
    try (TcpProxy proxy = new TcpProxy(jobs.database());
        TestWorker cutOff = new TestWorker(proxy.through(jobs.database()), data, runner)) {
      UUID id = jobs.create("m");
      assertThat(started.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
      proxy.fallSilent();
      try (TestWorker other = new TestWorker(jobs.database(), data, runner)) {
        await().until(() -> passes.stream().anyMatch(pass -> pass.epoch == 2));
        proxy.recover();
        await().until(() -> cutOff.get(Worker.class).freeSlots() == 1);
        enough.countDown();
        Job done = jobs.awaitState(id, JobState.SUCCEEDED);

        assertThat(done.leaseEpoch()).isEqualTo(2);
        assertThat(done.lostLeases()).isEqualTo(1);
        jobs.assertGapFree(done);
        long lastOfFirst =
            passes.stream().filter(pass -> pass.epoch == 1).mapToLong(Pass::at).max().orElseThrow();
        long firstOfSecond =
            passes.stream().filter(pass -> pass.epoch == 2).mapToLong(Pass::at).min().orElseThrow();
        assertThat(lastOfFirst).isLessThan(firstOfSecond);
        FaultReport.survived(
            "F3",
            "cut a worker off from the database: it stopped %d ms before another one began",
            (firstOfSecond - lastOfFirst) / 1_000_000);
      }
    }
  }

  @Test
  void endedSessionsOfTheDatabaseCostNothing() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    JobRunner runner =
        context -> {
          for (int layer = 0; layer < 20; layer++) {
            if (layer == 10) {
              half.countDown();
              goOn.await();
            }
            context.event("metric", layer);
          }
          return NOTHING;
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      UUID id = jobs.create("m");
      assertThat(half.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
      TestDatabases.endSessions(jobs.database());
      goOn.countDown();

      await().ignoreExceptions().until(() -> jobs.find(id).state().isTerminal());
      Job job = jobs.find(id);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.leaseEpoch()).isEqualTo(1);
      jobs.assertGapFree(job);
    }
  }

  private record Pass(long epoch, long at) {}
}
