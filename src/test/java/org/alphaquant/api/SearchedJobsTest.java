package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.api.Http.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Ladders, contracts and traffic through the API: uploaded counts, and cancelled in the middle. */
@Tag("faults")
class SearchedJobsTest {

  private static final String LAYER = "[9, 1, 1, 1, 1, 1, 1, 1]";

  @TempDir static Path folder;
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    Files.writeString(
        folder.resolve("eval.jsonl"),
        IntStream.range(0, 60)
            .mapToObj("{\"text\": \"Line %d of the ledger has no sacks of salt.\"}\n"::formatted)
            .collect(Collectors.joining()));
    server = RunningServer.working(folder, Map.of());
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String body(int samples, String more) {
    return """
        {"model": "olmoe", "config": {"default": {"wq": "int4", "group_size": 32}},
         "calibration": {"samples": %d, "sequence_length": 32},
         "evaluation": {"perplexity": {"path": "eval.jsonl", "window": 16}}, %s}"""
        .formatted(samples, more);
  }

  private static JsonNode job(String id) {
    return http.get("/v1/jobs/" + id).json();
  }

  private static JsonNode ended(String id) {
    return await().until(() -> job(id), it -> it.hasNonNull("finished_at"));
  }

  private static String posted(String body) {
    Answer posted = http.postJson("/v1/jobs", body);
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    return posted.at("/id");
  }

  @Test
  void uploadedCountsServeAJobUntilTheyAreDeletedAndAreMetered() {
    Answer sent =
        http.send(
            http.request("/v1/files?name=counts.json")
                .header("Content-Type", "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofString("[%1$s, %1$s, %1$s]".formatted(LAYER))));
    assertThat(sent.status()).as(sent.text()).isEqualTo(201);
    String fitted =
        body(4, "\"traffic\": {\"expert_counts\": \"%s\"}".formatted(sent.at("/source")));
    JsonNode job = ended(posted(fitted));
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    JsonNode report =
        http.get("/v1/jobs/" + job.at("/id").asString() + "/artifacts/quantization_report.json")
            .json();
    assertThat(report.at("/calibration/traffic/layers")).hasSize(3);
    assertThat(scraped("alphaquant_traffic_distance_count{text=\"weighted\"} 1")).isTrue();
    assertThat(http.delete("/v1/files/" + sent.at("/id")).status()).isEqualTo(204);
    Answer refused = problem(http.postJson("/v1/jobs", fitted), 422, "invalid-job");
    assertThat(refused.at("/errors/0/pointer")).isEqualTo("/traffic/expert_counts");
  }

  private static boolean scraped(String line) {
    return server.management().get("/actuator/prometheus").text().contains(line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"ladder\": [{\"wq\": \"int8\"}, {\"wq\": \"int6\"}, {\"wq\": \"int5\"}, {\"wq\": \"int3\"}]",
        "\"contract\": {\"max_kl\": 1e-9, \"formats\": [\"int3\", \"int4\", \"int8\"]}",
        "\"traffic\": {\"expert_counts\": [" + LAYER + ", " + LAYER + ", " + LAYER + "]}"
      })
  void whatIsCancelledInTheMiddleLeavesNothingAndCanBePostedAgain(String asked) throws IOException {
    String id = posted(body(256, asked));
    await().until(() -> job(id).at("/progress/fraction").asDouble() > 0);
    assertThat(http.post("/v1/jobs/" + id + "/cancel").status()).isEqualTo(202);
    assertThat(ended(id).at("/state").asString()).isEqualTo("CANCELLED");
    await().until(() -> !Files.exists(server.dataDirectory().resolve("work").resolve(id)));
    assertThat(job(id).hasNonNull("result")).isFalse();

    JsonNode again = ended(posted(body(4, asked)));
    assertThat(again.at("/state").asString() + again.at("/error/code").asString(""))
        .as(again.toString())
        .isIn("SUCCEEDED", "FAILEDcontract-not-kept");
  }
}
