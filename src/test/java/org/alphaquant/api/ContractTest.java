package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alphaquant.api.Http.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Contracts on quality: met by the smallest plan that holds, or honestly refused. */
class ContractTest {

  private static final String CALIBRATION =
      "Day is no night and no night is day, says the owl to whoever wakes at noon.";

  @TempDir static Path folder;
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    String documents =
        IntStream.range(0, 40)
            .mapToObj(i -> "{\"text\": \"" + sentence(i) + "\"}\n")
            .collect(Collectors.joining());
    Files.writeString(folder.resolve("held-out.jsonl"), documents);
    Files.writeString(
        folder.resolve("seen.jsonl"), documents + "{\"text\": \"" + CALIBRATION + "\"}\n");
    server = RunningServer.working(folder, Map.of());
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String sentence(int i) {
    return "Line %d of the ledger has %d sacks of grain and %d of salt, and the miller signs it."
        .formatted(i, i * 7 % 13, i * 5 % 11);
  }

  private static String body(String contract, String text) {
    return """
        {"model": "olmoe", "config": {"default": {"wq": "int4", "group_size": 32}},
         "calibration": {"texts": ["%s"], "samples": 2, "sequence_length": 16},
         "evaluation": {"perplexity": {"path": "%s", "window": 16}, "divergence": {"windows": 8}},
         "contract": %s}"""
        .formatted(CALIBRATION, text, contract);
  }

  private static JsonNode ended(String contract) {
    Answer posted = http.postJson("/v1/jobs", body(contract, "held-out.jsonl"));
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    return ended(posted);
  }

  private static JsonNode ended(Answer posted) {
    return await()
        .until(
            () -> http.get("/v1/jobs/" + posted.at("/id")).json(),
            it -> it.hasNonNull("finished_at"));
  }

  private static JsonNode report(JsonNode job) {
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    return http.get("/v1/jobs/" + job.at("/id").asString() + "/artifacts/quantization_report.json")
        .json();
  }

  @Test
  void theSmallestPlanThatHoldsIsFoundAndProvedOnTextThatNoSearchHasSeen() {
    String formats = "\"formats\": [\"int2\", \"int3\", \"int4\", \"int6\", \"int8\"]";
    JsonNode loose = report(ended("{\"max_kl\": 100, " + formats + "}"));
    assertThat(loose.at("/contract/config/default/wq").asString()).isEqualTo("int2");
    double least = loose.at("/divergence/mean/value").asDouble();
    JsonNode job = ended("{\"max_kl\": " + least / 20 + ", " + formats + "}");
    JsonNode strict = report(job);
    JsonNode tried = strict.at("/contract/tried");
    assertThat(tried)
        .filteredOn(it -> it.at("/config/overrides").size() > 0)
        .as("mixes of formats in %s", strict.at("/contract"))
        .hasSizeBetween(1, 3);
    assertThat(strict.at("/bytes/after").asLong())
        .isEqualTo(smallest(tried, true))
        .isLessThanOrEqualTo(smallest(tried, false));
    assertThat(strict.at("/contract/proof/holds").asBoolean()).isTrue();
    assertThat(strict.at("/contract/proof/terms/0/high").asDouble()).isLessThan(least / 20);
    assertThat(strict.at("/divergence/mean/high").asDouble())
        .isEqualTo(strict.at("/contract/proof/terms/0/high").asDouble());
    assertThat(tried.size()).isBetween(3, 7);
    String card = http.get("/v1/jobs/" + job.at("/id").asString() + "/artifacts/README.md").text();
    assertThat(card).contains("## Contract", "max_kl");
  }

  private static long smallest(JsonNode tried, boolean mixed) {
    return tried
        .valueStream()
        .filter(it -> it.at("/verdict/holds").asBoolean())
        .filter(it -> mixed || it.at("/config/overrides").isEmpty())
        .mapToLong(it -> it.at("/bytes").asLong())
        .min()
        .orElseThrow();
  }

  @Test
  void whatNoPlanKeepsEndsWithTheClosestOne() {
    JsonNode job = ended("{\"max_kl\": 1e-12, \"formats\": [\"int3\", \"int4\"]}");
    assertThat(job.at("/state").asString()).isEqualTo("FAILED");
    assertThat(job.at("/error/code").asString()).isEqualTo("contract-not-kept");
    assertThat(job.at("/error/class").asString()).isEqualTo("user");
    assertThat(job.at("/error/message").asString())
        .contains("none of 2 plans", "max_kl 0.000000000001", "fails");
    assertThat(job.at("/error/detail").asString()).contains("\"wq\":\"int4\"");
  }

  @Test
  void aProofOnTextOfTheCalibrationIsRefused() {
    JsonNode job = ended(http.postJson("/v1/jobs", body("{\"max_kl\": 1}", "seen.jsonl")));
    assertThat(job.at("/error/code").asString()).isEqualTo("proof-not-held-out");
    assertThat(job.at("/error/message").asString()).contains("1 of the 2", "'seen.jsonl'");
  }

  @Test
  void whatCannotBeKeptIsRefusedBeforeAnyWork() {
    Answer small =
        problem(
            http.postJson(
                "/v1/jobs", body("{\"max_kl\": 1, \"max_bytes\": 1000}", "held-out.jsonl")),
            422,
            "invalid-job");
    assertThat(small.at("/errors/0/pointer")).isEqualTo("/contract/max_bytes");
    assertThat(small.at("/errors/0/detail")).contains("max_bytes is 1000", "bytes");
    Answer none =
        problem(
            http.postJson("/v1/jobs", body("{\"max_bytes\": 1000}", "held-out.jsonl")),
            422,
            "invalid-job");
    assertThat(none.at("/errors/0/detail")).contains("max_kl");
    Answer unknown =
        problem(
            http.postJson(
                "/v1/jobs", body("{\"max_kl\": 1, \"formats\": [\"int5x\"]}", "held-out.jsonl")),
            422,
            "invalid-job");
    assertThat(unknown.at("/errors/0/pointer")).isEqualTo("/contract/formats");
    Answer plan = http.postJson("/v1/plans", body("{\"max_kl\": 1}", "held-out.jsonl"));
    assertThat(plan.status()).as(plan.text()).isEqualTo(200);
    assertThat(plan.text()).contains("plans from");
  }
}
