package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.ProgramRun;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.receipt.SigningKey;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Receipts of real jobs: checked offline, altered, and posted again. */
class ReceiptTest {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> ABOUT_THE_RUN =
      List.of("quantization_report.json", "README.md");

  @TempDir static Path folder;
  private static RunningServer server;
  private static Http http;
  private static String job;

  @BeforeAll
  static void start() throws IOException {
    SigningKey.create(folder.resolve("key"));
    Files.writeString(folder.resolve("eval.txt"), "The owl says that no night is day. ".repeat(8));
    server =
        RunningServer.working(
            folder, Map.of("alphaquant.receipts.key-file", folder.resolve("key").toString()));
    http = server.http();
    job =
        succeeded(
            """
            {"model": "olmoe", "config": {"default": {"wq": "int4", "group_size": 32}},
             "calibration": {"texts": ["Day is no night and no night is day, says the owl."],
                             "samples": 2, "sequence_length": 8, "seed": 7},
             "evaluation": {"perplexity": {"path": "eval.txt", "window": 8}},
             "webhook": null, "labels": {"team": "a"}}""");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String succeeded(String body) {
    Answer posted = http.postJson("/v1/jobs", body);
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    String id = posted.at("/id");
    JsonNode ended =
        await().until(() -> http.get("/v1/jobs/" + id).json(), it -> it.hasNonNull("finished_at"));
    assertThat(ended.at("/state").asString()).as(ended.toString()).isEqualTo("SUCCEEDED");
    return id;
  }

  private static Path downloaded(String id, Path to) throws IOException {
    for (JsonNode file : http.get("/v1/jobs/" + id + "/artifacts").json().get("data")) {
      Path target = to.resolve(file.get("name").asString());
      Files.createDirectories(target.getParent());
      Files.write(
          target,
          http.get("/v1/jobs/" + id + "/artifacts/" + file.get("name").asString())
              .response()
              .body());
    }
    return to;
  }

  private static ProgramRun verify(String receipt, Object... more) throws IOException {
    Path file = Files.writeString(folder.resolve("receipt.json"), receipt);
    Path key = Files.writeString(folder.resolve("served.pub"), http.get("/v1/receipt-key").text());
    return ProgramRun.of("verify", file, "--key=" + key, more);
  }

  private static JsonNode statement(String receipt) {
    return JSON.readTree(
        Base64.getDecoder().decode(JSON.readTree(receipt).get("payload").asString()));
  }

  @Test
  void aReceiptNamesSourceTextsVersionsFiguresAndEveryFile() {
    JsonNode said = statement(http.get("/v1/jobs/" + job + "/receipt").text());
    assertThat(said.at("/_type").asString()).isEqualTo("https://in-toto.io/Statement/v1");
    assertThat(said.at("/predicateType").asString()).isEqualTo("https://slsa.dev/provenance/v1");
    JsonNode files = http.get("/v1/jobs/" + job + "/artifacts").json().get("data");
    assertThat(said.get("subject")).hasSize(files.size());
    JsonNode build = said.at("/predicate/buildDefinition");
    assertThat(build.at("/externalParameters/job/calibration/seed").asInt()).isEqualTo(7);
    assertThat(build.at("/internalParameters/versions/device").asString()).startsWith("cpu");
    assertThat(build.at("/resolvedDependencies"))
        .extracting(it -> it.at("/name").asString())
        .contains("headers", "model.safetensors", "tokenizer.json", "calibration tokens");
    JsonNode figures = said.at("/predicate/runDetails/byproducts/0/annotations");
    assertThat(figures.at("/perplexity/change/low").isNumber()).as(figures.toString()).isTrue();
    assertThat(figures.at("/bits_per_weight").isNumber()).isTrue();
  }

  @Test
  void aFolderIsCheckedAgainstItWithoutTheService() throws IOException {
    String receipt = http.get("/v1/jobs/" + job + "/receipt").text();
    assertThat(http.get("/v1/jobs/" + job + "/receipt").text()).isEqualTo(receipt);
    Path result = downloaded(job, folder.resolve("whole"));
    assertThat(verify(receipt, result).status()).isZero();
    assertThat(verify(receipt).out()).contains("The signature holds");
    byte[] weights = Files.readAllBytes(result.resolve("model.safetensors"));
    weights[weights.length / 2] ^= 1;
    Files.write(result.resolve("model.safetensors"), weights);
    Files.delete(result.resolve("config.json"));
    Files.writeString(result.resolve("more.txt"), "x");
    ProgramRun altered = verify(receipt, result);
    assertThat(altered.status()).isEqualTo(1);
    assertThat(altered.err())
        .contains("model.safetensors has the SHA-256", "config.json is missing")
        .contains("more.txt is not in the receipt");
  }

  @Test
  void aReceiptAlteredInOneByteIsRefused() throws IOException {
    String receipt = http.get("/v1/jobs/" + job + "/receipt").text();
    String payload = JSON.readTree(receipt).get("payload").asString();
    byte[] bytes = Base64.getDecoder().decode(payload);
    bytes[bytes.length / 2] ^= 1;
    String altered = receipt.replace(payload, Base64.getEncoder().encodeToString(bytes));
    assertThat(altered).isNotEqualTo(receipt);
    ProgramRun run = verify(altered);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).contains("or the receipt was altered");
  }

  @Test
  void aJobPostedAgainFromItsReceiptMakesTheSameBytes() throws IOException {
    ProgramRun body = verify(http.get("/v1/jobs/" + job + "/receipt").text(), "--body");
    String again = succeeded(body.out());
    assertThat(hashes(again)).isEqualTo(hashes(job)).containsKey("model.safetensors");
  }

  // The report and the card say when and how long; all else is the model.
  private static Map<String, String> hashes(String id) {
    Map<String, String> hashes = new HashMap<>();
    for (JsonNode file : http.get("/v1/jobs/" + id + "/artifacts").json().get("data")) {
      hashes.put(file.get("name").asString(), file.get("sha256").asString());
    }
    ABOUT_THE_RUN.forEach(hashes::remove);
    return hashes;
  }

  @Test
  void evaluationsAndLaddersNameTheirSourceAndTextsToo() throws IOException {
    String evaluation =
        succeeded(
            """
            {"kind": "evaluation", "model": "olmoe",
             "evaluation": {"perplexity": {"path": "eval.txt", "window": 8}, "reference": "olmoe"}}""");
    JsonNode measured = statement(http.get("/v1/jobs/" + evaluation + "/receipt").text());
    assertThat(dependencies(measured))
        .containsKeys("headers", "model.safetensors", "reference/model.safetensors", "eval.txt");
    JsonNode pinned = measured.at("/predicate/buildDefinition/externalParameters/job");
    assertThat(pinned.at("/source_sha256").asString())
        .isEqualTo(dependencies(measured).get("headers"));
    String ladder =
        succeeded(
            """
            {"model": "olmoe", "ladder": [{"wq": "int8"}, {"name": "four", "wq": "int4"}],
             "calibration": {"texts": ["Day is no night."], "samples": 1, "sequence_length": 4},
             "evaluation": {"perplexity": {"path": "eval.txt", "window": 8}}}""");
    String receipt = http.get("/v1/jobs/" + ladder + "/receipt").text();
    assertThat(dependencies(statement(receipt)))
        .containsKeys("headers", "model.safetensors", "calibration tokens", "eval.txt");
    assertThat(statement(receipt).at("/predicate/runDetails/byproducts/0/annotations/ladder"))
        .hasSize(2);
    assertThat(verify(receipt, downloaded(ladder, folder.resolve("sizes"))).status()).isZero();
  }

  private static Map<String, String> dependencies(JsonNode statement) {
    Map<String, String> hashes = new HashMap<>();
    statement
        .at("/predicate/buildDefinition/resolvedDependencies")
        .forEach(it -> hashes.put(it.at("/name").asString(), it.at("/digest/sha256").asString()));
    return hashes;
  }

  @Test
  void aJobThatDidNotSucceedHasNone() {
    RunningServer plain = RunningServer.shared();
    problem(plain.http().get("/v1/receipt-key"), 404, "receipt-not-available");
    String queued = plain.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    problem(plain.http().get("/v1/jobs/" + queued + "/receipt"), 404, "receipt-not-available");
  }
}
