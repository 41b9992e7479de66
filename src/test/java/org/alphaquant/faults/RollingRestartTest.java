package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.store.S3Double;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * One process with the API and two workers on one database and one shared folder, replaced one
 * after the other while jobs run, as a new release is.
 */
@Tag("faults")
class RollingRestartTest {
  private static final int JOBS = 6;
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 128, "sequence_length": 128}}
      """;

  @TempDir Path directory;

  @Test
  void nothingIsLostWhileEveryProcessIsReplaced() throws Exception {
    Path shared = directory.toRealPath();
    try (RestartableDatabase database = new RestartableDatabase(directory.resolve("postgres"));
        ServiceProcess api = process(database, shared, "api");
        ServiceProcess first = process(database, shared, "worker");
        ServiceProcess second = process(database, shared, "worker")) {
      replaceEachWhileJobsRun("rolling restart", api, first, second);
    }
  }

  /** Each on a folder of its own, as machines are, with a store that they all reach. */
  @Test
  void nothingIsLostWithoutASharedFolder() throws Exception {
    try (S3Double store = new S3Double();
        RestartableDatabase database = new RestartableDatabase(directory.resolve("postgres"));
        ServiceProcess api = process(database, folder("api"), "api", stored(store));
        ServiceProcess first = process(database, folder("first"), "worker", stored(store));
        ServiceProcess second = process(database, folder("second"), "worker", stored(store))) {
      replaceEachWhileJobsRun("rolling restart with a store", api, first, second);
      assertThat(store.requests("GET .*/layers/.*layer-.*safetensors"))
          .as("a worker went on with another's layers")
          .isNotEmpty();
      await().until(() -> store.keys().stream().noneMatch(it -> it.startsWith("layers/")));
    }
  }

  private Path folder(String name) throws IOException {
    return Files.createDirectories(directory.resolve(name)).toRealPath();
  }

  private static String[] stored(S3Double store) {
    String lab = "alphaquant.stores.lab.";
    return new String[] {
      lab + "endpoint=" + store.endpoint(),
      lab + "bucket=" + S3Double.BUCKET,
      lab + "access-key=" + S3Double.ACCESS_KEY,
      lab + "secret-key=" + S3Double.SECRET_KEY,
      "alphaquant.results.location=s3://lab/results",
      "alphaquant.results.layers=s3://lab/layers",
      "alphaquant.retention.sweep-every=2s"
    };
  }

  private void replaceEachWhileJobsRun(
      String name, ServiceProcess api, ServiceProcess first, ServiceProcess second)
      throws Exception {
    List<ServiceProcess> all = List.of(api, first, second);
    all.forEach(ServiceProcess::start);
    FaultClient client = new FaultClient(List.of(api.base()), 1);
    Map<String, CompletableFuture<List<JsonNode>>> streams = new LinkedHashMap<>();
    for (int i = 0; i < JOBS; i++) {
      String id = client.post("/v1/jobs", JOB, "job-" + i).json().get("id").asString();
      FaultClient follower = client.another();
      streams.put(id, CompletableFuture.supplyAsync(() -> follower.follow(id)));
    }
    for (ServiceProcess process : List.of(first, api, second)) {
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> running(client) > 0 || ended(client) == JOBS);
      process.signal("TERM");
      await().atMost(Duration.ofMinutes(2)).until(() -> !process.isAlive());
      process.start();
      await()
          .atMost(Duration.ofMinutes(2))
          .ignoreExceptions()
          .until(() -> new FaultClient(List.of(process.base()), 2).get("/readyz").status() == 200);
    }

    List<Long> attempts = new ArrayList<>();
    List<String> results = new ArrayList<>();
    for (Map.Entry<String, CompletableFuture<List<JsonNode>>> job : streams.entrySet()) {
      await().atMost(Duration.ofMinutes(5)).until(job.getValue()::isDone);
      List<JsonNode> events = job.getValue().get();
      assertThat(events)
          .extracting(event -> event.get("seq").asLong())
          .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
      JsonNode ended = client.get("/v1/jobs/" + job.getKey()).json();
      assertThat(ended.get("state").asString()).isEqualTo("SUCCEEDED");
      attempts.add(events.get(events.size() - 1).get("attempt").asLong());
      results.add(file(client, job.getKey()));
    }
    assertThat(results).as("the same job has the same bytes").containsOnly(results.get(0));
    assertThat(attempts).as("a restart met a running job").anyMatch(attempt -> attempt > 1);
    assertThat(client.get("/v1/jobs").json().path("data").size()).isEqualTo(JOBS);
    FaultReport.survived(
        name, "%d jobs ended once each with equal bytes, on attempts %s".formatted(JOBS, attempts));
  }

  private static ServiceProcess process(
      RestartableDatabase database, Path data, String role, String... properties) {
    List<String> all = new ArrayList<>(List.of(properties));
    all.add("alphaquant.role=" + role);
    all.add("alphaquant.worker.devices=cpu");
    return new ServiceProcess(database.details(), data, all.toArray(String[]::new));
  }

  private static int running(FaultClient client) {
    return client.get("/v1/jobs?state=RUNNING").json().path("data").size();
  }

  private static int ended(FaultClient client) {
    return client.get("/v1/jobs?state=SUCCEEDED").json().path("data").size();
  }

  private static String file(FaultClient client, String id) {
    return client
        .get("/v1/jobs/" + id + "/artifacts")
        .json()
        .path("data")
        .valueStream()
        .filter(file -> file.path("name").asString().equals("model.safetensors"))
        .map(file -> file.path("sha256").asString())
        .findFirst()
        .orElseThrow();
  }
}
