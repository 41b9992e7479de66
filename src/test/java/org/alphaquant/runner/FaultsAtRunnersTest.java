package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.worker.ScriptedRunner;
import org.alphaquant.worker.TestJobs;
import org.alphaquant.worker.TestWorker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** The faults F1 to F8 of docs/queue.md aimed at the runner processes below a worker. */
@Tag("faults")
class FaultsAtRunnersTest {
  private static final int LAYERS = 8;

  @RegisterExtension private static final TestJobs jobs = new TestJobs();

  @TempDir Path data;
  @TempDir Path server;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private ScriptedRunners runners;

  @BeforeEach
  void start() {
    runners = pool();
  }

  private ScriptedRunners pool() {
    return new ScriptedRunners(jobs, data, Duration.ofSeconds(4));
  }

  @AfterEach
  void close() {
    runners.close();
  }

  @Test
  void aRunnerKilledAfterAnyLayerCostsThatLayerAtMost() {
    int made = 0;
    try (TestWorker worker = worker(jobs.database())) {
      for (int layer = 1; layer < LAYERS; layer++) {
        String model = ScriptedRunner.model(LAYERS, 40);
        UUID id = jobs.create(model);
        int after = layer;
        awaitThat(
            () ->
                jobs.find(id)
                        .progress()
                        .map(JobProgress::layer)
                        .filter(it -> it >= after)
                        .isPresent()
                    || jobs.find(id).state().isTerminal());
        runners.signalAll("KILL");
        int layers = runners.layersOf(jobs.awaitState(id, JobState.SUCCEEDED), model);
        assertThat(layers).isBetween(LAYERS - 1, LAYERS + 1);
        made += layers;
      }
      assertThat(worker.exits()).isEmpty();
    }
    int wanted = LAYERS * (LAYERS - 1);
    FaultReport.survived(
        "F1",
        "killed the runner after each of %d layers: %d layers were made instead of %d",
        LAYERS - 1,
        made,
        wanted);
  }

  @Test
  void aFrozenRunnerThatWakesWritesNothingMore() {
    try (TestWorker worker = worker(jobs.database())) {
      String model = ScriptedRunner.model(LAYERS, 60);
      UUID id = jobs.create(model);
      awaitThat(() -> jobs.find(id).progress().isPresent());
      List<Long> frozen = runners.pids();
      runners.signalAll("STOP");
      awaitThat(() -> jobs.find(id).leaseEpoch() > 1);
      frozen.forEach(pid -> ScriptedRunners.signal("CONT", pid));
      Job job = jobs.awaitState(id, JobState.SUCCEEDED);
      runners.layersOf(job, model);
      assertThat(job.failures()).isEqualTo(1);
      awaitThat(() -> frozen.stream().noneMatch(ScriptedRunners::lives));
      assertThat(worker.exits()).isEmpty();
      FaultReport.survived(
          "F2",
          "a runner that stood still was ended, and the job went on in attempt %d",
          job.leaseEpoch());
    }
  }

  @Test
  void aRunnerKilledWhileTheDatabaseIsSilentCostsNothingMore() throws IOException {
    try (TcpProxy proxy = new TcpProxy(jobs.database());
        TestWorker worker = worker(proxy.through(jobs.database()))) {
      for (int round = 0; round < 5; round++) {
        String model = ScriptedRunner.model(LAYERS, 60);
        UUID id = jobs.create(model);
        awaitThat(() -> jobs.find(id).progress().isPresent());
        proxy.fallSilent();
        LockSupport.parkNanos(random.nextLong(500_000_000));
        runners.signalAll("KILL");
        LockSupport.parkNanos(random.nextLong(4_000_000_000L));
        proxy.recover();
        runners.layersOf(jobs.awaitState(id, JobState.SUCCEEDED), model);
      }
      assertThat(worker.exits()).isEmpty();
    }
    FaultReport.survived(
        "F3", "killed runners while the database was silent 5 times: 5 jobs whole");
  }

  @Test
  void aRunnerKilledWhileTheDatabaseCrashesCostsNothingMore() {
    try (RestartableDatabase database = new RestartableDatabase(server);
        JobDatabase client = new JobDatabase(database.details());
        TestWorker worker = worker(database.details())) {
      Jobs queue = client.get(Jobs.class);
      String model = ScriptedRunner.model(LAYERS, 60);
      List<UUID> ids =
          Stream.generate(() -> queue.create(new NewJob("ann", JobSpec.of(model), null)).job().id())
              .limit(4)
              .toList();
      awaitThat(() -> queue.find(ids.get(0)).flatMap(Job::progress).isPresent());
      database.crash();
      runners.signalAll("KILL");
      database.start();
      await()
          .ignoreExceptions()
          .until(() -> ids.stream().allMatch(id -> queue.find(id).get().state().isTerminal()));
      for (UUID id : ids) {
        Job job = queue.find(id).orElseThrow();
        runners.assertWhole(job, model);
      }
      assertThat(worker.exits()).isEmpty();
    }
    FaultReport.survived("F4", "killed runners as the database crashed: 4 jobs whole");
  }

  @Test
  void aWorkerEndedUnderLoadTakesItsRunnersWithIt() {
    String model = ScriptedRunner.model(LAYERS, 60);
    List<UUID> ids = Stream.generate(() -> jobs.create(model)).limit(8).toList();
    List<Long> pids;
    try (TestWorker worker = worker(jobs.database())) {
      awaitThat(() -> jobs.counts().get(JobState.RUNNING) >= 2 && progresses(ids) >= 2);
      pids = runners.pids();
      ScriptedRunners.signal("KILL", pids.get(0));
      ScriptedRunners.signal("STOP", pids.get(1));
      assertThat(worker.exits()).isEmpty();
    }
    runners.close();
    awaitThat(() -> pids.stream().noneMatch(ScriptedRunners::lives));
    try (ScriptedRunners second = pool();
        TestWorker worker = second.worker(jobs.database(), "devices=cpu,cpu")) {
      ids.forEach(id -> second.layersOf(jobs.awaitState(id, JobState.SUCCEEDED), model));
      assertThat(worker.exits()).isEmpty();
    }
    FaultReport.survived(
        "F5",
        "a worker was ended with a killed and a frozen runner: %d runners gone, 8 jobs whole",
        pids.size());
  }

  @Test
  void manySlotsWhoseRunnersAreKilledTakeEveryJobOnceAtATime() {
    String model = ScriptedRunner.model(LAYERS, 15);
    List<UUID> ids = Stream.generate(() -> jobs.create(model)).limit(40).toList();
    int kills = 0;
    try (TestWorker worker = runners.worker(jobs.database(), "devices=cpu,cpu,cpu,cpu")) {
      while (kills < 60 && runners.open() > 0) {
        kills += runners.signalOne("KILL", random);
        LockSupport.parkNanos(random.nextLong(600_000_000));
      }
      await().atMost(Duration.ofMinutes(2)).until(() -> runners.open() == 0);
      assertThat(worker.exits()).isEmpty();
    }
    int layers = 0;
    for (UUID id : ids) {
      layers += runners.layersOf(jobs.find(id), model);
    }
    assertThat(layers).isLessThanOrEqualTo(LAYERS * ids.size() + kills);
    FaultReport.survived(
        "F6",
        "4 slots took 40 jobs while %d runners were killed: %d layers made instead of %d",
        kills,
        layers,
        LAYERS * ids.size());
  }

  @Test
  void everyJobEndsOnceWhenEverItIsCancelledAndItsRunnerKilled() {
    String model = ScriptedRunner.model(6, 25);
    List<UUID> ids = new ArrayList<>();
    int kills = 0;
    try (TestWorker worker = worker(jobs.database())) {
      for (int i = 0; i < 60; i++) {
        UUID id = jobs.create(model);
        ids.add(id);
        LockSupport.parkNanos(random.nextLong(200_000_000));
        if (random.nextBoolean()) {
          jobs.cancel(ids.get(random.nextInt(ids.size())), "now");
        }
        if (random.nextInt(3) == 0) {
          kills += runners.signalOne(random.nextBoolean() ? "KILL" : "TERM", random);
        }
      }
      await().atMost(Duration.ofMinutes(2)).until(() -> runners.open() == 0);
      assertThat(worker.exits()).isEmpty();
    }
    Map<JobState, Integer> ends = new EnumMap<>(JobState.class);
    for (UUID id : ids) {
      Job job = jobs.find(id);
      jobs.assertGapFree(job);
      assertThat(jobs.events(job)).filteredOn(JobEvent::isTerminal).hasSize(1);
      Path folder = data.resolve("work").resolve(id.toString());
      awaitThat(() -> Files.exists(folder) == (job.state() == JobState.SUCCEEDED));
      ends.merge(job.state(), 1, Integer::sum);
    }
    assertThat(ends).containsOnlyKeys(JobState.SUCCEEDED, JobState.CANCELLED);
    FaultReport.survived("F7", "cancels and %d kills at random: %s", kills, ends);
  }

  @Test
  void jobsThatEndEveryRunnerFailAndTheOthersGoOn() {
    String model = ScriptedRunner.model(LAYERS, 40);
    try (TestWorker worker = worker(jobs.database())) {
      List<UUID> bad =
          Stream.of("abort", "exit", "bomb", "frozen", "card-aborts").map(jobs::create).toList();
      List<UUID> good = Stream.generate(() -> jobs.create(model)).limit(4).toList();
      good.forEach(id -> runners.layersOf(jobs.awaitState(id, JobState.SUCCEEDED), model));
      await().atMost(Duration.ofMinutes(2)).until(() -> runners.open() == 0);
      assertThat(bad)
          .extracting(id -> jobs.find(id).error().map(JobError::code).orElse("none"))
          .containsExactly(
              "runner-lost", "runner-lost", "runner-memory", "runner-lost", "device-error");
      assertThat(bad.subList(0, 4))
          .allMatch(id -> jobs.find(id).error().orElseThrow().kind() == JobError.Kind.USER)
          .allMatch(id -> jobs.find(id).failures() == 2);
      assertThat(worker.exits()).isEmpty();
    }
    FaultReport.survived(
        "F8", "jobs that abort, exit, fill memory, stand still or break a card failed alone");
  }

  private TestWorker worker(JdbcConnectionDetails database) {
    return runners.worker(database, "devices=cpu,cpu", "lease=6s");
  }

  private static void awaitThat(BooleanSupplier condition) {
    await().pollInterval(Duration.ofMillis(5)).until(condition::getAsBoolean);
  }

  private static long progresses(List<UUID> ids) {
    return ids.stream().filter(id -> jobs.find(id).progress().isPresent()).count();
  }
}
