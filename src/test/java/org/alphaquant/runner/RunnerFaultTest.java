package org.alphaquant.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobError;
import org.alphaquant.worker.ScriptedRunner;
import org.alphaquant.worker.TestJobs;
import org.alphaquant.worker.TestWorker;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runners that are killed at random instants below a worker, and jobs that end their runner. */
class RunnerFaultTest {
  private static final int LAYERS = 8;
  private static final int OPEN_JOBS = 3;

  @RegisterExtension private static final TestJobs jobs = new TestJobs();

  @TempDir Path data;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());

  @Test
  void aRunnerThatIsKilledCostsAtMostItsUnitOfWork() {
    kill(5);
  }

  @Tag("faults")
  @Test
  void twoHundredKillsCostAtMostTheirUnitsOfWork() {
    kill(Integer.getInteger("alphaquant.faults.kills", 200));
  }

  private void kill(int kills) {
    Random random = new Random(seed);
    Map<UUID, String> open = new LinkedHashMap<>();
    int layers = 0;
    try (ScriptedRunners runners = new ScriptedRunners(jobs, data, Duration.ofSeconds(60));
        TestWorker worker = runners.worker(jobs.database(), "devices=cpu,cpu")) {
      for (int done = 0; done < kills; done += killOne(runners, random)) {
        while (runners.open() < OPEN_JOBS) {
          String model = ScriptedRunner.model(LAYERS, 100 + open.size() % 5);
          open.put(jobs.create(model), model);
        }
        awaitLayer();
        LockSupport.parkNanos(random.nextLong(400_000_000));
      }
      UUID bomb = jobs.create("bomb");
      await().atMost(Duration.ofMinutes(3)).until(() -> runners.open() == 0);
      assertThat(jobs.find(bomb).error())
          .get()
          .extracting(JobError::code)
          .isEqualTo("runner-memory");
      assertThat(jobs.find(bomb).error())
          .get()
          .extracting(JobError::kind)
          .isEqualTo(JobError.Kind.USER);
      assertThat(worker.exits()).isEmpty();
      for (Map.Entry<UUID, String> job : open.entrySet()) {
        layers += runners.layersOf(jobs.find(job.getKey()), job.getValue());
      }
    }
    assertThat(layers).isPositive().isLessThanOrEqualTo(LAYERS * open.size() + kills);
    long hits = hits(open.keySet());
    assertThat(hits).isGreaterThanOrEqualTo(kills / 5 - 1);
    FaultReport.survived(
        "runner",
        "killed %d runners with seed %d, %d of them while they made a layer: %d jobs were whole, %d"
            + " layers were made instead of %d, and a job that filled its runner's memory twice failed"
            + " alone",
        kills,
        seed,
        hits,
        open.size(),
        layers,
        LAYERS * open.size());
  }

  /** A runner that only starts has no work to lose. */
  private static void awaitLayer() {
    long told = jobs.told("metric");
    await().pollInterval(Duration.ofMillis(5)).until(() -> jobs.told("metric") > told);
  }

  /** Kills that came while a layer was made, which the job's log names. */
  private static long hits(Set<UUID> ids) {
    return ids.stream()
        .flatMap(id -> jobs.events(jobs.find(id)).stream())
        .filter(event -> event.type().equals("log"))
        .filter(event -> event.data().toString().contains("layers done"))
        .count();
  }

  /** Returns how many were killed. */
  private static int killOne(ScriptedRunners runners, Random random) {
    return runners.signalOne(random.nextInt(4) > 0 ? "KILL" : "TERM", random);
  }
}
