package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.Waiting;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Worker processes that are killed, frozen and ended, on a real database and real files. */
class ProcessFaultTest {
  // A process that has just started on a busy machine takes seconds to renew its first lease.
  private static final Duration LEASE = Duration.ofSeconds(6);

  private static JdbcConnectionDetails details;
  private static JobDatabase client;
  private static Jobs jobs;

  @TempDir Path data;

  private final List<WorkerProcess> fleet = new ArrayList<>();

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

  @BeforeEach
  void empty() {
    client.get(JdbcClient.class).sql("truncate job, worker cascade").update();
  }

  @AfterEach
  void endProcesses() {
    fleet.forEach(WorkerProcess::close);
    fleet.forEach(process -> process.exitStatus(Waiting.LONGEST));
  }

  @Test
  void whenAWorkerIsKilledAnotherGoesOnAfterItsLastLayer() throws IOException {
    killAtARandomLayer();
  }

  @Tag("faults")
  @RepeatedTest(25)
  void whenAWorkerIsKilledAnotherGoesOnEveryTime() throws IOException {
    killAtARandomLayer();
  }

  private void killAtARandomLayer() throws IOException {
    start(2);
    String model = ScriptedRunner.model(20, 50);
    UUID id = create(model);
    int layer = ThreadLocalRandom.current().nextInt(1, 15);
    awaitLayer(id, layer);
    holder(id).kill();
    long killed = System.nanoTime();
    Job done = awaitEnd(id);

    assertWhole(done, model);
    assertThat(done.leaseEpoch()).isEqualTo(2);
    assertThat(done.lostLeases()).isEqualTo(1);
    assertThat(done.failures()).isZero();
    assertThat(adopted(id, 2)).isGreaterThanOrEqualTo(layer);
    FaultReport.survived(
        "F1",
        "killed the worker after layer %d: the job was whole %.1f s later on attempt %d",
        layer,
        (System.nanoTime() - killed) / 1e9,
        done.leaseEpoch());
  }

  @Test
  void aFrozenWorkerThatWakesWritesNothingMore() throws IOException {
    freezeBeyondTheLease();
  }

  @Tag("faults")
  @RepeatedTest(15)
  void aFrozenWorkerThatWakesWritesNothingMoreEveryTime() throws IOException {
    freezeBeyondTheLease();
  }

  private void freezeBeyondTheLease() throws IOException {
    start(2);
    String model = ScriptedRunner.model(30, 50);
    UUID id = create(model);
    awaitLayer(id, 3);
    WorkerProcess zombie = holder(id);
    zombie.freeze();
    Job done = awaitEnd(id);
    assertWhole(done, model);
    fleet.stream().filter(other -> other != zombie).forEach(WorkerProcess::kill);
    Map<String, String> files = files(done);

    zombie.thaw();
    UUID next = create(ScriptedRunner.model(2, 10));
    Job after = awaitEnd(next);

    assertThat(after.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(zombie.isAlive()).isTrue();
    assertThat(jobs.find(id).orElseThrow().eventSeq()).isEqualTo(done.eventSeq());
    assertThat(files(done)).isEqualTo(files);
    assertWhole(jobs.find(id).orElseThrow(), model);
    FaultReport.survived(
        "F2",
        "froze the holder of attempt 1 beyond its lease: attempt %d won, the woken worker wrote"
            + " nothing more and took the next job",
        done.leaseEpoch());
  }

  @Test
  void aWorkerEndedUnderLoadGivesEveryJobBack() throws IOException {
    terminateUnderLoad();
  }

  @Tag("faults")
  @RepeatedTest(15)
  void aWorkerEndedUnderLoadGivesEveryJobBackEveryTime() throws IOException {
    terminateUnderLoad();
  }

  private void terminateUnderLoad() throws IOException {
    start(1, "devices=cpu,cpu,cpu", "lease=1m");
    String model = ScriptedRunner.model(40, 50);
    List<UUID> ids = Stream.generate(() -> create(model)).limit(5).toList();
    List<UUID> running = ids.subList(0, 3);
    running.forEach(id -> awaitLayer(id, 2));
    long asked = System.nanoTime();
    fleet.get(0).terminate();
    int status = fleet.get(0).exitStatus(Waiting.LONGEST);
    double seconds = (System.nanoTime() - asked) / 1e9;

    assertThat(status).isEqualTo(143);
    for (UUID id : ids) {
      Job job = jobs.find(id).orElseThrow();
      assertThat(job.state()).isEqualTo(JobState.QUEUED);
      assertThat(job.giveBacks()).isEqualTo(running.contains(id) ? 1 : 0);
      assertThat(job.failures() + job.lostLeases()).isZero();
    }
    start(1, "devices=cpu,cpu,cpu", "lease=1m");
    for (UUID id : ids) {
      assertWhole(awaitEnd(id), model);
    }
    assertThat(adopted(running.get(0), 2)).isGreaterThanOrEqualTo(2);
    FaultReport.survived(
        "F5",
        "ended a worker with 3 running jobs: it was gone after %.1f s, and the next one finished"
            + " all 5 from where they were",
        seconds);
  }

  @Test
  void aJobThatKillsItsWorkersFailsAndTheOthersGoOn() throws IOException {
    poison();
  }

  @Tag("faults")
  @RepeatedTest(5)
  void aJobThatKillsItsWorkersFailsEveryTime() throws IOException {
    poison();
  }

  private void poison() throws IOException {
    start(3, "lost-leases=2");
    String model = ScriptedRunner.model(5, 50);
    UUID poison = create("poison");
    List<UUID> others = Stream.generate(() -> create(model)).limit(6).toList();

    Job failed = awaitEnd(poison);
    for (UUID id : others) {
      assertWhole(awaitEnd(id), model);
    }

    assertThat(failed.state()).isEqualTo(JobState.FAILED);
    assertThat(failed.lostLeases()).isEqualTo(2);
    assertThat(failed.error().orElseThrow().code()).isEqualTo("worker-lost");
    assertThat(fleet).filteredOn(WorkerProcess::isAlive).hasSize(1);
    FaultReport.survived(
        "F8",
        "a job ended %d workers and then failed; the other 6 jobs succeeded",
        failed.lostLeases());
  }

  private void start(int count, String... properties) {
    String[] all =
        Stream.concat(Stream.of("lease=" + LEASE.toSeconds() + "s"), Stream.of(properties))
            .toArray(String[]::new);
    List<WorkerProcess> started =
        Stream.generate(() -> WorkerProcess.start(details, data, all)).limit(count).toList();
    fleet.addAll(started);
    started.forEach(WorkerProcess::worker);
  }

  private UUID create(String model) {
    return jobs.create(new NewJob("ann", JobSpec.of(model), null)).job().id();
  }

  private void awaitLayer(UUID id, int layer) {
    await()
        .until(
            () ->
                jobs.find(id).flatMap(Job::progress).filter(it -> it.layer() >= layer).isPresent());
  }

  private WorkerProcess holder(UUID id) {
    UUID worker = jobs.find(id).flatMap(Job::leaseWorker).orElseThrow();
    return fleet.stream().filter(it -> it.worker().equals(worker)).findFirst().orElseThrow();
  }

  // The lease, and a minute to take over and to work on a busy machine.
  private Job awaitEnd(UUID id) {
    await()
        .atMost(LEASE.plusSeconds(60))
        .until(() -> jobs.find(id).orElseThrow().state().isTerminal());
    return jobs.find(id).orElseThrow();
  }

  private void assertWhole(Job job, String model) throws IOException {
    assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    Path result = data.resolve(job.artifactDirectory().orElseThrow()).resolve("model");
    assertThat(result).hasContent(ScriptedRunner.expected(model));
    List<JobEvent> events = client.get(JobEvents.class).after(job.id(), 0, 10_000);
    assertThat(events)
        .extracting(JobEvent::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, job.eventSeq()).boxed().toList());
    assertThat(events).filteredOn(JobEvent::isTerminal).hasSize(1);
  }

  private long adopted(UUID id, long attempt) {
    return client.get(JobEvents.class).after(id, 0, 10_000).stream()
        .filter(event -> event.attempt() == attempt && event.type().equals("metric"))
        .filter(event -> event.data().get("adopted").asBoolean())
        .count();
  }

  /** Every file outside of the zombie's own folder, and what it holds. */
  private Map<String, String> files(Job done) throws IOException {
    Path work = data.resolve("work");
    Path zombies = work.resolve(done.id().toString()).resolve("1");
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(work.resolve(done.id().toString()))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.startsWith(zombies)) {
          found.put(work.relativize(file).toString(), Files.readString(file));
        }
      }
    }
    return found;
  }
}
