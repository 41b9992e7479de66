package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.Waiting;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.RunFailure;
import org.alphaquant.job.row.Job;
import org.alphaquant.server.ServerSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

// A worker that is only open, not asked, is what most of these tests are about.
@SuppressWarnings("try")
class WorkerTest {
  private static final JobResult NOTHING = new JobResult(null, null, List.of());

  @RegisterExtension private static final TestJobs jobs = new TestJobs();

  @TempDir Path data;

  @Test
  void aJobRunsFromCreateToItsResultFolder() {
    JobRunner runner =
        context -> {
          context.progress(new JobProgress("quantize", 0, 1, 0.0, null));
          Files.writeString(context.attemptDirectory().resolve("layer-00"), "scratch");
          Files.writeString(context.artifactDirectory().resolve("model"), context.device());
          context.event("experts", List.of(1, 2));
          context.progress(new JobProgress("quantize", 1, 1, 1.0, 0L));
          return NOTHING;
        };
    // Without a poll in the test's time only a notification can start the job.
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner, "poll-every=1h")) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.SUCCEEDED);

      Path attempt = data.resolve("work").resolve(job.id().toString()).resolve("1");
      assertThat(job.artifactDirectory()).contains("work/" + job.id() + "/1/result");
      assertThat(attempt.resolve("result/model")).hasContent("cpu");
      await().untilAsserted(() -> assertThat(attempt.resolve("layer-00")).doesNotExist());
      assertThat(job.progress()).contains(new JobProgress("quantize", 1, 1, 1.0, 0L));
      assertThat(jobs.eventTypes(job))
          .containsExactly("state", "state", "progress", "experts", "progress", "state");
      await().until(() -> worker.get(Worker.class).freeSlots() == 1);
    }
  }

  @Test
  void aJobForWhichNoThreadCanBeStartedIsGivenBackAndItsSlotIsFree() {
    AtomicInteger starts = new AtomicInteger();
    AttemptThreads full =
        work ->
            new Thread(work) {
              @Override
              public synchronized void start() {
                if (starts.incrementAndGet() == 1) {
                  throw new OutOfMemoryError("unable to create native thread");
                }
                super.start();
              }
            };
    try (TestWorker worker =
        new TestWorker(jobs.database(), data, context -> NOTHING, full, "lease=3s")) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.SUCCEEDED);
      assertThat(starts).hasValue(2);
      assertThat(job.leaseEpoch()).isEqualTo(2);
      assertThat(job.giveBacks()).isEqualTo(1);
      assertThat(job.lostLeases()).as("found by its lease's end").isZero();
      await().until(() -> worker.get(Worker.class).freeSlots() == 1);
    }
  }

  @Test
  void everySlotRunsAJobAtTheSameTime() {
    CyclicBarrier both = new CyclicBarrier(2);
    JobRunner runner =
        context -> {
          both.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
          return NOTHING;
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner, "devices=cpu,cpu")) {
      UUID first = jobs.create("m");
      UUID second = jobs.create("m");
      jobs.awaitState(first, JobState.SUCCEEDED);
      jobs.awaitState(second, JobState.SUCCEEDED);
    }
  }

  @Test
  void aTransientFailureIsTriedAgainAndAUsersMistakeIsNot() {
    AtomicInteger attempts = new AtomicInteger();
    JobRunner runner =
        context -> {
          if (context.spec().model().equals("typo")) {
            throw new RunFailure(JobError.Kind.USER, "no-such-model", "there is no model typo");
          }
          if (attempts.incrementAndGet() < 3) {
            throw new IOException("the file system is away");
          }
          return NOTHING;
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      Job typo = jobs.awaitState(jobs.create("typo"), JobState.FAILED);
      Job flaky = jobs.awaitState(jobs.create("m"), JobState.SUCCEEDED);

      assertThat(typo.error()).map(JobError::code).contains("no-such-model");
      assertThat(typo.leaseEpoch()).isEqualTo(1);
      assertThat(flaky.failures(JobError.Kind.TRANSIENT)).isEqualTo(2);
      assertThat(flaky.leaseEpoch()).isEqualTo(3);
    }
  }

  @Test
  void aResultOfWhichAFileIsNoLongerThereCostsAnAttempt() {
    JobResult.Artifact model = new JobResult.Artifact("model", 3, "00");
    JobRunner runner =
        context -> {
          if (context.attemptDirectory().endsWith("2")) {
            Files.writeString(context.artifactDirectory().resolve("model"), "abc");
          }
          return new JobResult(null, null, List.of(model));
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.SUCCEEDED);

      assertThat(job.failures()).isEqualTo(1);
      assertThat(job.artifactDirectory()).contains("work/" + job.id() + "/2/result");
    }
  }

  @Test
  void anAttemptThatStoppedForALeaseThatWasThenRenewedGivesItsJobBack() {
    JobRunner runner =
        context -> {
          if (context.leaseEpoch() == 1) {
            throw new LeaseLostException("attempt 1 could not renew its lease in time");
          }
          return NOTHING;
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.SUCCEEDED);

      assertThat(job.failures()).isZero();
      assertThat(job.leaseEpoch()).isEqualTo(2);
    }
  }

  @Test
  void aFullDiskIsAFailureOfResourcesAndTriedOnce() {
    Queue<Integer> earlier = new ConcurrentLinkedQueue<>();
    JobRunner runner =
        context -> {
          earlier.add(context.earlierResourceFailures());
          throw new IllegalStateException(new IOException("write: No space left on device"));
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.FAILED);

      assertThat(job.error()).map(JobError::code).contains("disk-full");
      assertThat(job.error().orElseThrow().message()).contains(data.resolve("work").toString());
      assertThat(earlier).containsExactly(0, 1);
    }
  }

  @Test
  void aFaultOfTheProgramIsNamedAndTriedOnce() {
    JobRunner runner =
        context -> {
          throw new NoClassDefFoundError("missing/Part");
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, runner)) {
      Job job = jobs.awaitState(jobs.create("m"), JobState.FAILED);

      assertThat(job.failures(JobError.Kind.INTERNAL)).isEqualTo(2);
      assertThat(job.error()).map(JobError::message).contains("missing/Part");
    }
  }

  @Test
  void aCancelStopsTheWorkAndRemovesItsFiles() {
    CountDownLatch started = new CountDownLatch(1);
    try (TestWorker worker =
        new TestWorker(
            jobs.database(), data, untilStopped(started), "renew-every=1s", "lease=5s")) {
      UUID id = jobs.create("m");
      awaitLatch(started);

      jobs.cancel(id, "changed my mind");

      Job job = jobs.awaitState(id, JobState.CANCELLED);
      assertThat(job.failures()).isZero();
      await().until(() -> worker.get(Worker.class).freeSlots() == 1);
      assertThat(data.resolve("work").resolve(id.toString())).doesNotExist();
    }
  }

  @Test
  void whatTheRunnerOfACancelledJobPrintedIsAllThatStays() {
    CountDownLatch started = new CountDownLatch(1);
    JobRunner stopped = untilStopped(started);
    JobRunner printing =
        context -> {
          Files.writeString(
              context.attemptDirectory().resolve(ServerSettings.RUNNER_LOG), "from libtorch\n");
          return stopped.run(context);
        };
    try (TestWorker worker = new TestWorker(jobs.database(), data, printing, "renew-every=1s")) {
      UUID id = jobs.create("m");
      awaitLatch(started);

      jobs.cancel(id, "changed my mind");

      jobs.awaitState(id, JobState.CANCELLED);
      await().until(() -> worker.get(Worker.class).freeSlots() == 1);
      Path attempt = data.resolve("work").resolve(id.toString()).resolve("1");
      assertThat(attempt)
          .isDirectoryContaining(file -> file.endsWith(ServerSettings.RUNNER_LOG))
          .isDirectoryNotContaining(file -> !file.endsWith(ServerSettings.RUNNER_LOG));
    }
  }

  @Test
  void workThatIgnoresItsCancelEndsTheProcess() {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    JobRunner deaf = deaf(started, end);
    try (TestWorker worker = new TestWorker(jobs.database(), data, deaf, "cancel-deadline=300ms")) {
      UUID id = jobs.create("m");
      awaitLatch(started);
      jobs.cancel(id, "stop");

      jobs.awaitState(id, JobState.CANCELLED);
      await().untilAsserted(() -> assertThat(worker.exits()).containsExactly(70));
      assertThat(worker.get(Worker.class).freeSlots()).isZero();
      end.countDown();
    }
    assertThat(jobs.counts()).containsEntry(JobState.CANCELLED, 1L);
  }

  @Test
  void aStoppedWorkerFinishesTheLayerAndGivesTheJobBack() {
    CountDownLatch inLayer = new CountDownLatch(1);
    CountDownLatch layerMayEnd = new CountDownLatch(1);
    JobRunner runner =
        context -> {
          if (context.earlierAttempts().isEmpty()) {
            inLayer.countDown();
            layerMayEnd.await();
            context.ensureHeld();
            Files.writeString(context.attemptDirectory().resolve("layer-00"), "done");
            context.betweenLayers();
          }
          Path layer = context.earlierAttempts().get(0).resolve("layer-00");
          Files.copy(layer, context.artifactDirectory().resolve("model"));
          return NOTHING;
        };
    TestWorker first = new TestWorker(jobs.database(), data, runner);
    UUID id = jobs.create("m");
    awaitLatch(inLayer);
    Thread shutdown = new Thread(first::close);
    shutdown.start();
    await().until(() -> !first.get(Worker.class).isRunning());
    layerMayEnd.countDown();
    join(shutdown);

    Job given = jobs.find(id);
    assertThat(given.state()).isEqualTo(JobState.QUEUED);
    assertThat(given.giveBacks()).isEqualTo(1);
    assertThat(given.failures() + given.lostLeases()).isZero();

    try (TestWorker second = new TestWorker(jobs.database(), data, runner)) {
      Job done = jobs.awaitState(id, JobState.SUCCEEDED);
      assertThat(data.resolve(done.artifactDirectory().orElseThrow()).resolve("model"))
          .hasContent("done");
    }
  }

  @Test
  void workThatDoesNotEndInItsGraceIsGivenBackAnyway() {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    JobRunner deaf = deaf(started, end);
    TestWorker worker =
        new TestWorker(jobs.database(), data, deaf, "drain-grace=0s", "abandon-after=200ms");
    UUID id = jobs.create("m");
    awaitLatch(started);
    worker.close();
    end.countDown();

    Job given = jobs.find(id);
    assertThat(given.state()).isEqualTo(JobState.QUEUED);
    assertThat(given.giveBacks()).isEqualTo(1);
  }

  /** Never asks whether it is still wanted. */
  private static JobRunner deaf(CountDownLatch started, CountDownLatch end) {
    return context -> {
      started.countDown();
      end.await();
      return NOTHING;
    };
  }

  private static JobRunner untilStopped(CountDownLatch started) {
    return context -> {
      while (true) {
        started.countDown();
        context.ensureHeld();
        LockSupport.parkNanos(2_000_000);
      }
    };
  }

  private static void awaitLatch(CountDownLatch latch) {
    await().until(() -> latch.getCount() == 0);
  }

  private static void join(Thread thread) {
    await().until(() -> !thread.isAlive());
  }
}
