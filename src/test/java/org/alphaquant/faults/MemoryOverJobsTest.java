package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a service and its runner hold after many identical jobs, as they come with their defaults.
 */
@Tag("faults")
class MemoryOverJobsTest {
  private static final int LATE = Integer.getInteger("alphaquant.faults.jobs", 100);
  private static final int EARLY = LATE / 5;
  private static final double MOST_GROWTH = 1.1;
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 2, "sequence_length": 32}}
      """;

  @TempDir Path directory;

  /** Mebibytes of anonymous and shared memory. */
  private record Held(long service, long runner) {}

  @Test
  void aHundredJobsLeaveNoMoreBehindThanTwenty() throws IOException {
    try (ServiceProcess service =
        new ServiceProcess(
            TestDatabases.create(),
            directory.toRealPath(),
            "alphaquant.worker.devices=cpu",
            "alphaquant.worker.poll-every=100ms",
            // One runner for all of them.
            "alphaquant.runner.max-jobs=1000")) {
      service.start();
      FaultClient client = new FaultClient(List.of(service.base()), 0);
      run(service, client, EARLY);
      Held early = held(service);
      run(service, client, LATE - EARLY);
      Held late = held(service);
      FaultReport.survived(
          "memory",
          "after job %d the service held %d MiB and its runner %d, after job %d %d and %d",
          EARLY,
          early.service(),
          early.runner(),
          LATE,
          late.service(),
          late.runner());
      assertThat((double) late.service()).isLessThanOrEqualTo(MOST_GROWTH * early.service());
      assertThat((double) late.runner()).isLessThanOrEqualTo(MOST_GROWTH * early.runner());
    }
  }

  private static void run(ServiceProcess service, FaultClient client, int jobs) {
    for (int i = 0; i < jobs; i++) {
      String path = "/v1/jobs/" + client.post("/v1/jobs", JOB, null).json().get("id").asString();
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> client.get(path).json().get("state").asString().equals("SUCCEEDED"));
    }
    assertThat(service.isAlive()).isTrue();
  }

  /** The runner of jobs is the one that loaded libtorch, which is by far the larger one. */
  private static Held held(ServiceProcess service) {
    long runner =
        service.runners().stream().mapToLong(MemoryOverJobsTest::mebibytes).max().orElse(0);
    return new Held(mebibytes(service.pid()), runner);
  }

  private static long mebibytes(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
              .filter(line -> line.startsWith("RssAnon:") || line.startsWith("RssShmem:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          >> 10;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
