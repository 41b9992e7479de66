package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The service with the database that it brings along, of which either is killed in mid-job. */
class OwnDatabaseFaultTest {
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 4, "sequence_length": 64}}
      """;

  @TempDir Path directory;

  @Test
  void aKillOfTheDatabaseAndThenOfTheServiceCostNothingButTime() throws IOException {
    Path data = directory.toRealPath();
    try (ServiceProcess service =
        new ServiceProcess(
            data,
            "alphaquant.worker.devices=cpu",
            "alphaquant.worker.lease=6s",
            "alphaquant.worker.renew-every=1s",
            "alphaquant.worker.trust-margin=2s",
            "alphaquant.worker.reap-every=1s",
            "alphaquant.worker.retry-backoff=100ms")) {
      service.start();
      FaultClient client = new FaultClient(List.of(service.base()), 1);

      succeedsAlthough(
          client,
          () -> {
            String pid = Files.readAllLines(data.resolve("postgres/postmaster.pid")).get(0);
            new ProcessBuilder("kill", "-KILL", pid).start();
          });
      assertThat(service.isAlive()).isTrue();
      assertThat(service.log()).contains("has ended unexpectedly and is restarted");

      succeedsAlthough(
          client,
          () -> {
            service.signal("KILL");
            await().until(() -> !service.isAlive());
            service.start();
          });
      FaultReport.survived(
          "own database",
          "the service's own database was killed below a job, and then the service below another:"
              + " both succeeded, and no event was missing");
    }
  }

  private interface Fault {
    void happens() throws IOException;
  }

  private static void succeedsAlthough(FaultClient client, Fault fault) throws IOException {
    String id =
        client.post("/v1/jobs", JOB, String.valueOf(fault.hashCode())).json().get("id").asString();
    CompletableFuture<List<JsonNode>> stream =
        CompletableFuture.supplyAsync(() -> client.follow(id));
    await().until(() -> client.get("/v1/jobs/" + id).json().path("progress").isObject());
    fault.happens();
    List<JsonNode> events = stream.orTimeout(2, TimeUnit.MINUTES).join();
    assertThat(events.get(events.size() - 1).at("/data/state").asString()).isEqualTo("SUCCEEDED");
    assertThat(events)
        .extracting(event -> event.get("seq").asLong())
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
  }
}
