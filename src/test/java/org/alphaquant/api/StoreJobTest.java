package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.hub.HubDouble;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.store.S3Double;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Jobs whose model, texts and result lie in a store, and nothing of them below a local root. */
class StoreJobTest {

  private static final Path FOLDER = Path.of("src/test/resources/micro/olmoe");
  private static final String LINES = "{\"text\": \"Day is no night and no night is day.\"}\n";

  @TempDir static Path emptyRoot;
  private static S3Double store;
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    store = new S3Double();
    HubDouble.files(FOLDER)
        .forEach((name, content) -> store.put("tiny/" + name, content, Map.of()));
    store.put("texts/lines.jsonl", LINES.repeat(40).getBytes(StandardCharsets.UTF_8), Map.of());
    server =
        new RunningServer(
            Map.ofEntries(
                Map.entry("alphaquant.role", "all"),
                Map.entry("alphaquant.runner.mode", "thread"),
                Map.entry("alphaquant.worker.devices", "cpu"),
                Map.entry("alphaquant.worker.poll-every", "200ms"),
                Map.entry("alphaquant.worker.retry-backoff", "10ms"),
                Map.entry("alphaquant.retention.sweep-every", "300ms"),
                Map.entry("alphaquant.models.roots", emptyRoot.toString()),
                Map.entry("alphaquant.files.roots", emptyRoot.toString()),
                Map.entry("alphaquant.stores.lab.endpoint", store.endpoint().toString()),
                Map.entry("alphaquant.stores.lab.bucket", S3Double.BUCKET),
                Map.entry("alphaquant.stores.lab.access-key", S3Double.ACCESS_KEY),
                Map.entry("alphaquant.stores.lab.secret-key", S3Double.SECRET_KEY),
                Map.entry("alphaquant.stores.lab.first-pause", "10ms"),
                Map.entry("alphaquant.stores.lab.attempts", "2"),
                Map.entry("alphaquant.uploads.location", "s3://lab/uploads"),
                Map.entry("alphaquant.results.location", "s3://lab/results")));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
    store.close();
  }

  private static String body(String output) {
    return """
        {"model": "s3://lab/tiny", "config": {"default": {"group_size": 32}},
         "calibration": {"path": "s3://lab/texts/lines.jsonl", "samples": 2, "sequence_length": 16},
         "output": %s}"""
        .formatted(output);
  }

  private static JsonNode finished(Answer posted) {
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    return await()
        .until(
            () -> http.get("/v1/jobs/" + posted.at("/id")).json(),
            it -> it.hasNonNull("finished_at"));
  }

  private static JsonNode succeeded(String output) {
    JsonNode job = finished(http.postJson("/v1/jobs", body(output)));
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    return job;
  }

  @Test
  void nothingOfAJobNeedsALocalRoot() throws IOException {
    JsonNode job = succeeded("{}");
    String id = job.at("/id").asString();
    assertThat(job.at("/spec/revision").asString()).matches("[0-9a-f]{40}");
    assertThat(job.at("/result/location").asString()).isEqualTo("s3://lab/results/" + id);
    String artifacts = "/v1/jobs/" + id + "/artifacts";
    byte[] weights = store.get("results/" + id + "/model.safetensors");
    Answer whole = http.get(artifacts + "/model.safetensors");
    assertThat(whole.response().body()).isEqualTo(weights);
    Answer part =
        http.send(http.request(artifacts + "/model.safetensors").header("Range", "bytes=100-199"));
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.response().body()).isEqualTo(Arrays.copyOfRange(weights, 100, 200));
    assertThat(http.get("/v1/jobs/" + id + "/artifacts.tar").response().body().length)
        .isGreaterThan(weights.length);
    JsonNode report = http.get(artifacts + "/quantization_report.json").json();
    assertThat(report.at("/model/origin").asString()).startsWith("s3://lab/tiny@");
    assertThat(report.at("/calibration/sources/0/origin").asString())
        .startsWith("s3://lab/texts@")
        .endsWith("/lines.jsonl");
    assertThat(http.get("/v1/jobs/" + id + "/experts").at("/complete")).isEqualTo("true");
    try (Stream<Path> left = Files.walk(server.get(ServerSettings.class).workDirectory())) {
      assertThat(left.filter(Files::isRegularFile).filter(it -> it.toString().contains(id)))
          .isEmpty();
    }
    assertThat(emptyRoot).isEmptyDirectory();
  }

  @Test
  void aCalibrationAndCountsOfTrafficThatLieInTheStoreAreFetchedForTheJobThatNamesThem() {
    JsonNode calibration = finished(http.postJson("/v1/calibrations", body("null")));
    assertThat(calibration.at("/state").asString()).isEqualTo("SUCCEEDED");
    String id = calibration.at("/id").asString();
    assertThat(store.keys())
        .contains("results/" + id + "/calibration.json")
        .anyMatch(it -> it.startsWith("results/" + id + "/layers/"));
    String layer = "[9, 1, 1, 1, 1, 1, 1, 1]";
    byte[] counts = "[%s, %s, %s]".formatted(layer, layer, layer).getBytes(StandardCharsets.UTF_8);
    store.put("texts/counts.json", counts, Map.of());
    String job =
        """
        {"model": "s3://lab/tiny", "config": {"default": {"group_size": 32}},
         "calibration": {"id": "%s"}, "traffic": {"expert_counts": "s3://lab/texts/counts.json"}}"""
            .formatted(id);
    JsonNode done = finished(http.postJson("/v1/jobs", job));
    assertThat(done.at("/state").asString()).as(done.toString()).isEqualTo("SUCCEEDED");
    JsonNode report =
        http.get("/v1/jobs/" + done.at("/id").asString() + "/artifacts/quantization_report.json")
            .json();
    assertThat(report.at("/seconds").has("quantize/hessian")).isFalse();
    assertThat(report.at("/calibration/traffic/layers/0/shares/0").asDouble()).isEqualTo(9 / 16.0);
    store.put("texts/counts.json", "[[1]]".getBytes(StandardCharsets.UTF_8), Map.of());
    JsonNode refused = finished(http.postJson("/v1/jobs", job));
    assertThat(refused.at("/error/detail").asString() + refused.at("/error"))
        .contains("counts of 1 layers; the model has 3");
  }

  @Test
  void aResultGoesWhereTheJobSaysAndIsDeletedWithIt() {
    JsonNode job = succeeded("{\"location\": \"s3://lab/mine/tiny-int4\"}");
    String id = job.at("/id").asString();
    assertThat(store.keys()).contains("mine/tiny-int4/config.json");
    store.put("mine/tiny-int4/notes.txt", new byte[] {'x'}, Map.of());
    Answer taken =
        problem(
            http.postJson("/v1/jobs", body("{\"location\": \"s3://lab/mine/tiny-int4/\"}")),
            422,
            "invalid-job");
    assertThat(taken.at("/errors/0/pointer")).isEqualTo("/output/location");
    assertThat(taken.at("/errors/0/detail")).contains("holds the result of job " + id);
    JsonNode models = http.get("/v1/models").json().at("/data");
    assertThat(models.valueStream().map(it -> it.at("/model").asString()))
        .contains("s3://lab/tiny");
    assertThat(http.delete("/v1/jobs/" + id).status()).isEqualTo(204);
    server
        .get(org.springframework.jdbc.core.simple.JdbcClient.class)
        .sql("update stored_file set created_at = now() - interval '2 minutes'")
        .update();
    await()
        .untilAsserted(
            () ->
                assertThat(store.keys().stream().filter(it -> it.startsWith("mine/")))
                    .containsExactly("mine/tiny-int4/notes.txt"));
  }

  @Test
  void aStoreThatFailsDuringTheUploadCostsAnAttemptAndNoResult() {
    store.fault("PUT .*results/.*model.safetensors", 2, S3Double.status(503));
    JsonNode job = succeeded("{}");
    JsonNode events =
        http.get("/v1/jobs/" + job.at("/id").asString() + "/events?limit=1000").json().at("/data");
    assertThat(events.valueStream().map(it -> it.at("/data/phase").asString("")))
        .contains("download", "upload");
    assertThat(events.toString()).contains("store-unavailable").doesNotContain("X-Amz");
  }

  @Test
  void aStoreThatIsAwayIsAProblemOfTheService() {
    JsonNode job = succeeded("{}");
    store.fault("HEAD .*" + job.at("/id").asString(), 2, S3Double.status(503));
    String artifact = "/v1/jobs/" + job.at("/id").asString() + "/artifacts/config.json";
    problem(http.get(artifact), 503, "service-unavailable");
    assertThat(http.get(artifact).status()).isEqualTo(200);
  }

  @Test
  void anUploadedFileLiesInTheStoreWhereEveryWorkerReachesIt() {
    Answer sent =
        http.send(
            http.request("/v1/files?name=notes.jsonl")
                .header("Content-Type", "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofString(LINES.repeat(40))));
    assertThat(sent.status()).as(sent.text()).isEqualTo(201);
    String key = "uploads/" + sent.at("/id") + "/notes.jsonl";
    assertThat(store.keys()).contains(key);
    String body = body("{}").replace("s3://lab/texts/lines.jsonl", sent.at("/source"));
    JsonNode job = finished(http.postJson("/v1/jobs", body));
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    assertThat(http.delete("/v1/files/" + sent.at("/id")).status()).isEqualTo(204);
    assertThat(store.keys()).doesNotContain(key);
  }

  @Test
  void aModelThatWasFetchedAheadIsDeletedFromTheCacheAndNotFromTheStore() {
    HubDouble.files(FOLDER)
        .forEach((name, content) -> store.put("ahead/" + name, content, Map.of()));
    Answer asked = http.postJson("/v1/models", "{\"model\": \"s3://lab/ahead\"}");
    assertThat(asked.status()).as(asked.text()).isEqualTo(202);
    await().until(() -> isPresent("s3://lab/ahead"));
    List<String> before = store.keys();
    await().until(() -> http.delete("/v1/models/s3:/lab/ahead").status() == 204);
    assertThat(http.get("/v1/models").text()).doesNotContain("s3://lab/ahead");
    assertThat(store.keys()).containsAll(before);
    Answer gone = problem(http.delete("/v1/models/s3:/lab/ahead"), 404, "model-not-found");
    assertThat(gone.at("/detail")).contains("'s3://lab/ahead'");
  }

  private static boolean isPresent(String model) {
    return http.get("/v1/models")
        .json()
        .at("/data")
        .valueStream()
        .filter(it -> it.at("/model").asString().equals(model))
        .anyMatch(it -> it.at("/state").asString().equals("present"));
  }

  @Test
  void whatNoStoreHasIsRefusedAtOnce() {
    Answer missing =
        problem(
            http.postJson("/v1/jobs", body("{}").replace("lab/tiny", "lab/none")),
            422,
            "invalid-job");
    assertThat(missing.at("/errors/0/pointer")).isEqualTo("/model");
    assertThat(missing.at("/errors/0/detail")).contains("there is nothing below 's3://lab/none'");
    Answer store =
        problem(
            http.postJson("/v1/jobs", body("{\"location\": \"s3://x/y\"}")), 422, "invalid-job");
    assertThat(store.at("/errors/0/detail")).contains("there is no store 'x'");
    Answer text =
        problem(
            http.postJson("/v1/jobs", body("{}").replace("lab/texts", "x/texts")),
            422,
            "invalid-job");
    assertThat(text.at("/errors/0/pointer")).startsWith("/calibration");
  }
}
