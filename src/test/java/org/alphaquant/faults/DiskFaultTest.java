package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;

/** Disks that are full and folders that vanish below a service that quantizes a real model. */
class DiskFaultTest {
  // Between what the demo model takes with four and with eight bits.
  private static final long ROOM = 1_800_000;

  @TempDir Path directory;

  private Path data;
  private ServiceProcess service;
  private FaultClient client;

  @BeforeEach
  void prepare() throws IOException {
    data = directory.toRealPath();
    service =
        new ServiceProcess(
            TestDatabases.create(),
            data,
            "alphaquant.worker.devices=cpu",
            "alphaquant.worker.poll-every=200ms",
            "alphaquant.worker.retry-backoff=10ms");
    client = new FaultClient(List.of(service.base()), 1);
  }

  @AfterEach
  void end() {
    service.close();
  }

  @Test
  void aFullDiskFailsTheJobAloneUntilThereIsRoom() {
    service.limitFiles(ROOM);
    service.start();
    String large = post("int8");
    String small = post("int4");
    JsonNode failed = end(large);
    assertThat(failed.at("/state").asString()).as(failed.toString()).isEqualTo("FAILED");
    assertThat(failed.at("/error/code").asString()).isEqualTo("disk-full");
    assertThat(failed.at("/error/class").asString()).isEqualTo("resource");
    assertThat(failed.at("/error/message").asString())
        .contains("no space is left to write to " + data.resolve("work").resolve(large));
    assertThat(client.get("/v1/jobs/" + large + "/artifacts").json().get("data")).isEmpty();
    assertThat(end(small).at("/state").asString()).isEqualTo("SUCCEEDED");

    service.close();
    service.unlimitFiles();
    service.start();
    client.post("/v1/jobs/" + large + "/retry", null, null);
    JsonNode done = end(large);
    assertThat(done.at("/state").asString()).as(done.toString()).isEqualTo("SUCCEEDED");
    FaultReport.survived(
        "full disk",
        "a job that filled the disk failed as disk-full, the one after it succeeded, and the first"
            + " one too once there was room");
  }

  @Test
  void aFolderThatVanishesWithFinishedLayersCostsAnAttempt() throws IOException {
    service.start();
    String id = post("int4");
    Path attempt = data.resolve("work").resolve(id).resolve("1");
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> Files.exists(attempt.resolve("layers/layer-00000.json")));
    // Halted, or what is deleted could be half of what is just being written.
    service.signalAll("STOP");
    assertThat(attempt.resolve("layers")).as("of an attempt that has not ended").isDirectory();
    FileSystemUtils.deleteRecursively(attempt);
    service.signalAll("CONT");
    JsonNode done = end(id);
    assertThat(done.at("/state").asString()).as(done.toString()).isEqualTo("SUCCEEDED");
    assertThat(data.resolve("work").resolve(id).resolve("2")).isDirectory();

    // What only another attempt would need is removed after the job's end.
    await()
        .ignoreExceptions()
        .until(() -> FileSystemUtils.deleteRecursively(data.resolve("work").resolve(id)));
    FaultClient.Answer gone = client.get("/v1/jobs/" + id + "/artifacts/model.safetensors");
    assertThat(gone.status()).isEqualTo(404);
    assertThat(gone.json().get("code").asString()).isEqualTo("artifact-not-found");
    FaultReport.survived(
        "vanished folder",
        "a running job whose folder was deleted succeeded on its second attempt; the download of a"
            + " deleted result is a 404");
  }

  /** A file in the folder's place refuses every user, root too. */
  @Test
  void aWorkFolderThatCannotBeMadeFailsJobsUntilItCan() throws IOException {
    Files.writeString(data.resolve("work"), "in the way");
    service.start();
    String id = post("int4");
    JsonNode failed = end(id);
    assertThat(failed.at("/state").asString()).as(failed.toString()).isEqualTo("FAILED");
    assertThat(failed.at("/error/class").asString()).isEqualTo("transient");
    assertThat(failed.at("/error/message").asString()).contains(data.resolve("work").toString());

    Files.delete(data.resolve("work"));
    client.post("/v1/jobs/" + id + "/retry", null, null);
    assertThat(end(id).at("/state").asString()).isEqualTo("SUCCEEDED");
    FaultReport.survived(
        "no folder",
        "a job for which no folder could be made failed after its retries and succeeded when asked"
            + " again");
  }

  private String post(String format) {
    String job =
        """
        {"model": "olmoe-demo",
         "config": {"default": {"wq": "%s", "aq": "bf16", "group_size": 32}},
         "calibration": {"path": "text/calibration.jsonl", "field": "text",
                         "samples": 4, "sequence_length": 64}}
        """
            .formatted(format);
    return client.post("/v1/jobs", job, format).json().get("id").asString();
  }

  private JsonNode end(String id) {
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                List.of("SUCCEEDED", "FAILED", "CANCELLED")
                    .contains(client.get("/v1/jobs/" + id).json().get("state").asString()));
    return client.get("/v1/jobs/" + id).json();
  }
}
