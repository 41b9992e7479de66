package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.alphaquant.background.Rounds;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.job.row.Retention;
import org.alphaquant.job.row.RetentionSettings;
import org.alphaquant.server.ServerSettings;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class RetentionTest {
  @RegisterExtension private static final JobDatabase database = new JobDatabase();

  private static final Jobs jobs = database.get(Jobs.class);
  private static final Leases leases = database.get(Leases.class);
  private static final Retention retention = database.get(Retention.class);
  private static final TransactionTemplate transaction =
      new TransactionTemplate(database.get(PlatformTransactionManager.class));
  private static final JdbcClient sql = database.get(JdbcClient.class);

  @TempDir Path data;

  private RetentionSweep sweep;

  @BeforeEach
  void empty() {
    sql.sql("truncate job, job_tombstone cascade").update();
    RetentionSettings settings =
        new RetentionSettings(Duration.ofDays(30), Duration.ofDays(1), Duration.ofMillis(50));
    ServerSettings server = new ServerSettings(data, ServerSettings.Role.ALL, true);
    sweep =
        new RetentionSweep(
            retention,
            database.get(WebhookDeliveries.class),
            new AttemptFolders(server),
            transaction,
            settings);
  }

  @Test
  void aJobGoesAfterItsTimeWithItsEventsAndItsFolder() throws IOException {
    Job old = succeed(create(null), 1);
    Job young = succeed(create(null), 1);
    age(old, "31 days");
    age(young, "29 days");

    sweep.sweep();

    assertThat(jobs.find(old.id())).isEmpty();
    assertThat(database.get(JobEvents.class).after(old.id(), 0, 10)).isEmpty();
    assertThat(folder(old)).doesNotExist();
    assertThat(jobs.find(young.id())).isPresent();
    assertThat(folder(young).resolve("1/result/model")).exists();
  }

  @Test
  void aJobMaySayItsOwnTime() throws IOException {
    Job brief = succeed(create(60L), 1);
    Job lasting = succeed(create(315_360_000L), 1);

    assertThat(brief.expiresAt()).contains(brief.finishedAt().orElseThrow().plusSeconds(60));
    age(lasting, "31 days");
    sql.sql("update job set expires_at = now() - interval '1 s' where id = ?")
        .param(brief.id())
        .update();
    sweep.sweep();

    assertThat(jobs.find(brief.id())).isEmpty();
    assertThat(jobs.find(lasting.id())).isPresent();
  }

  @Test
  void aQueuedOrRunningJobIsNeverSwept() throws IOException {
    Job queued = create(60L);
    Job running = create(60L);
    leases.claim(UUID.randomUUID(), "1", "1", 30, 60).orElseThrow();
    write(running, 1, "layer-00");
    sql.sql("update job set created_at = created_at - interval '1 year'").update();

    sweep.sweep();

    assertThat(jobs.find(queued.id())).flatMap(Job::expiresAt).isEmpty();
    assertThat(jobs.find(running.id())).isPresent();
    assertThat(folder(running).resolve("1/layer-00")).exists();
  }

  @Test
  void aJobThatIsQueuedAgainHasNoEndUntilItEndsAgain() {
    Job cancelled = jobs.cancel(create(60L).id(), null).orElseThrow();
    assertThat(cancelled.expiresAt()).isPresent();

    assertThat(jobs.retry(cancelled.id()).flatMap(Job::expiresAt)).isEmpty();
  }

  @Test
  void attemptsThatLostGoAndTheResultStays() throws IOException {
    Job job = create(null);
    write(job, 1, "layer-00");
    Job done = succeed(job, 2);
    write(job, 2, "layer-01");

    sweep.sweep();

    assertThat(done.artifactDirectory()).contains("work/" + job.id() + "/2/result");
    assertThat(folder(job).resolve("1")).doesNotExist();
    assertThat(folder(job).resolve("2/layer-01")).doesNotExist();
    assertThat(folder(job).resolve("2/result/model")).exists();
  }

  @Test
  void aFailedJobKeepsItsLayersForARetryForADay() throws IOException {
    Job job = create(null);
    Job running = leases.claim(UUID.randomUUID(), "1", "1", 30, 60).orElseThrow();
    write(job, 1, "layer-00");
    JobError error = new JobError("no", JobError.Kind.USER, "no", null);
    leases.fail(job.id(), running.leaseEpoch(), error, 0).orElseThrow();

    sweep.sweep();
    assertThat(folder(job).resolve("1/layer-00")).exists();

    age(job, "25 hours");
    sweep.sweep();
    assertThat(folder(job)).doesNotExist();
    assertThat(jobs.find(job.id())).isPresent();
  }

  @Test
  void foldersOfDeletedJobsGoAndThoseOfStrangersStay() throws IOException {
    Job job = succeed(create(null), 1);
    Path stranger = Files.createDirectories(data.resolve("work/" + UUID.randomUUID()));
    Path other = Files.createDirectories(data.resolve("work/notes"));
    jobs.delete(job.id()).orElseThrow();

    sweep.sweep();

    assertThat(folder(job)).doesNotExist();
    assertThat(stranger).exists();
    assertThat(other).exists();
  }

  @Test
  void aSweepDoesNotWaitForARowThatSomebodyHas() {
    Job old = succeed(create(null), 1);
    age(old, "31 days");

    transaction.executeWithoutResult(
        holding -> {
          sql.sql("select 1 from job where id = ? for update")
              .param(old.id())
              .query(Integer.class)
              .single();
          assertThat(inAnotherThread(() -> retention.deleteExpired(0, 10))).isZero();
        });
    assertThat(retention.deleteExpired(0, 10)).isEqualTo(1);
  }

  @Test
  void theSweepRunsByItself() {
    Job old = succeed(create(null), 1);
    age(old, "31 days");

    Rounds rounds = new Rounds("retention-sweep", Duration.ofSeconds(1), sweep::sweep);
    rounds.start();
    try {
      await().until(() -> jobs.find(old.id()).isEmpty() && Files.notExists(folder(old)));
    } finally {
      rounds.stop();
    }
  }

  @Test
  void aTimeThatIsNotPositiveIsRefused() {
    assertThatThrownBy(
            () -> new RetentionSettings(Duration.ZERO, Duration.ofDays(1), Duration.ofDays(1)))
        .hasMessage("alphaquant.retention.jobs is PT0S but must be positive");
  }

  private static int inAnotherThread(Supplier<Integer> work) {
    return CompletableFuture.supplyAsync(work).join();
  }

  private static Job create(Long expiresIn) {
    JobSpec spec =
        new JobSpec(
            "m", null, null, null, null, null, null, null, null, null, null, expiresIn, null, null,
            null);
    return jobs.create(new NewJob("ann", spec, null)).job();
  }

  private Job succeed(Job job, long epoch) {
    sql.sql("update job set lease_epoch = ? where id = ?").params(epoch - 1, job.id()).update();
    Job running = leases.claim(UUID.randomUUID(), "1", "1", 30, 60).orElseThrow();
    assertThat(running.id()).isEqualTo(job.id());
    write(job, epoch, "result/model");
    String directory = AttemptFolders.result(job.id(), epoch);
    JobResult result = new JobResult(null, null, List.of());
    return leases.succeed(job.id(), epoch, result, directory).orElseThrow();
  }

  private static void age(Job job, String by) {
    sql.sql("update job set finished_at = finished_at - cast(? as interval) where id = ?")
        .params(by, job.id())
        .update();
  }

  private void write(Job job, long epoch, String name) {
    Path file = folder(job).resolve(Long.toString(epoch)).resolve(name);
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "bytes");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path folder(Job job) {
    return data.resolve("work").resolve(job.id().toString());
  }
}
