package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.hub.HubDouble;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** Jobs whose model is on the hub and below no root. */
class HubJobTest {

  private static final String MODEL = "tiny/olmoe";
  private static final Path FOLDER = Path.of("src/test/resources/micro/olmoe");

  @TempDir static Path roots;
  private static HubDouble hub;
  private static RunningServer server;
  private static Http http;
  private static String commit;

  @BeforeAll
  static void start() {
    hub = new HubDouble();
    commit = hub.push(MODEL, model());
    server =
        new RunningServer(
            Map.ofEntries(
                Map.entry("alphaquant.role", "all"),
                Map.entry("alphaquant.runner.mode", "thread"),
                Map.entry("alphaquant.preflight.runner", "false"),
                Map.entry("alphaquant.worker.devices", "cpu"),
                Map.entry("alphaquant.worker.poll-every", "200ms"),
                Map.entry("alphaquant.models.roots", roots.toString()),
                Map.entry("alphaquant.hub.allowed", "tiny/*,datasets/tiny/*"),
                Map.entry("alphaquant.hub.endpoint", hub.endpoint().toString()),
                Map.entry("alphaquant.hub.storage-hosts", "localhost"),
                Map.entry("alphaquant.hub.first-pause", "10ms"),
                Map.entry("alphaquant.uploads.max-size", "2MB"),
                Map.entry("alphaquant.uploads.max-owner-size", "2MB"),
                Map.entry("alphaquant.hub.attempts", "2")));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
    hub.close();
  }

  private static Map<String, byte[]> model() {
    Map<String, byte[]> files = new TreeMap<>(HubDouble.files(FOLDER));
    String card = "---\nlicense: apache-2.0\ntags: [tiny]\n---\n# Tiny\n";
    files.put("README.md", card.getBytes(StandardCharsets.UTF_8));
    return files;
  }

  private static String body(String model) {
    return """
        {"model": "%s", "config": {"default": {"group_size": 32}},
         "calibration": {"samples": 2, "sequence_length": 32}}"""
        .formatted(model);
  }

  private static JsonNode finished(String job) {
    return await()
        .until(() -> http.get("/v1/jobs/" + job).json(), it -> it.hasNonNull("finished_at"));
  }

  @Test
  void aJobIsPinnedDownloadedAndQuantized() {
    String pushed = hub.push("tiny/first", model());
    Answer posted = http.postJson("/v1/jobs", body("tiny/first"));
    assertThat(posted.status()).as(posted.toString()).isEqualTo(201);
    assertThat(posted.at("/licence")).isEqualTo("apache-2.0");
    String id = posted.json().at("/id").asString();
    JsonNode job = finished(id);
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    JsonNode spec = http.get("/v1/jobs/" + id).json().at("/spec");
    assertThat(spec.at("/model").asString()).isEqualTo("tiny/first");
    assertThat(spec.at("/revision").asString()).isEqualTo(pushed);
    assertArchive(id, job.at("/result/artifacts"));
    JsonNode events = http.get("/v1/jobs/" + id + "/events").json().at("/data");
    assertThat(events.valueStream().map(it -> it.at("/data/message").asString("")))
        .contains("the licence of tiny/first, as its card names it: apache-2.0");
    assertThat(events.valueStream().map(it -> it.at("/data")))
        .anySatisfy(
            data -> {
              assertThat(data.at("/phase").asString()).isEqualTo("download");
              assertThat(data.at("/transfer/total_bytes").asLong()).isPositive();
            });
  }

  private static void assertArchive(String job, JsonNode artifacts) {
    Answer archive = http.get("/v1/jobs/" + job + "/artifacts.tar");
    assertThat(archive.header("Content-Type")).isEqualTo("application/x-tar");
    Map<String, String> found = new TreeMap<>();
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new ByteArrayInputStream(archive.response().body()))) {
      for (TarArchiveEntry file = tar.getNextEntry(); file != null; file = tar.getNextEntry()) {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        found.put(file.getName(), HexFormat.of().formatHex(digest.digest(tar.readAllBytes())));
      }
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    Map<String, String> expected = new TreeMap<>();
    artifacts.forEach(it -> expected.put(it.at("/name").asString(), it.at("/sha256").asString()));
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void anEvaluationComparesWithAModelOfTheHub() {
    hub.push("tiny/reference", model());
    String lines =
        "{\"text\": \"Text of a data set that says that day is no night.\"}\n".repeat(40);
    hub.push(
        "datasets/tiny/measured", Map.of("test.jsonl", lines.getBytes(StandardCharsets.UTF_8)));
    String body =
        """
        {"kind": "evaluation", "model": "%s", "evaluation": {
           "perplexity": {"path": "hf://datasets/tiny/measured", "window": 32},
           "divergence": {"windows": 2}, "reference": "tiny/reference"}}"""
            .formatted(MODEL);
    Answer posted = http.postJson("/v1/jobs", body);
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    JsonNode job = finished(posted.json().at("/id").asString());
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    assertThat(job.at("/result/divergence/mean/value").asDouble(1)).isZero();
  }

  @Test
  void textsOfDataSetsAreMixedByTheirShares() throws IOException {
    byte[] rows = Files.readAllBytes(Path.of("src/test/resources/data/rows-zstd.parquet"));
    hub.push(
        "datasets/tiny/chats",
        Map.of(
            "README.md",
            "---\n---\n".getBytes(StandardCharsets.UTF_8),
            "data/train-00000-of-00001.parquet",
            rows));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      lines.append(
          "{\"text\": \"Text %d of a data set says that day is no night.\"}\n".formatted(i));
    }
    hub.push(
        "datasets/tiny/lines",
        Map.of(
            "en/train.jsonl", lines.toString().getBytes(StandardCharsets.UTF_8),
            "en/test.jsonl", lines.toString().getBytes(StandardCharsets.UTF_8)));
    String body =
        """
        {"model": "%s", "config": {"default": {"group_size": 32}},
         "calibration": {"samples": 4, "sequence_length": 8, "sources": [
           {"source": "hf://datasets/tiny/chats", "share": 1, "field": "other"},
           {"source": "hf://datasets/tiny/lines", "config": "en", "share": 3}]},
         "evaluation": {"perplexity": {"path": "hf://datasets/tiny/lines", "window": 32}}}"""
            .formatted(MODEL);
    Answer posted = http.postJson("/v1/jobs", body);
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    String id = posted.json().at("/id").asString();
    JsonNode job = finished(id);
    // Three letters are too little text for a sample of eight tokens, and the report says so.
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    String few = "/v1/jobs/" + id + "/artifacts/quantization_report.json";
    assertThat(http.get(few).json().at("/warnings").toString())
        .contains("3 documents of 3 tokens give 0 of the 1 samples of 8 tokens wanted");
    posted =
        http.postJson(
            "/v1/jobs",
            body.replace(
                "{\"source\": \"hf://datasets/tiny/chats\", \"share\": 1, \"field\": \"other\"},",
                ""));
    job = finished(posted.json().at("/id").asString());
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    assertThat(job.at("/result/perplexity/before").asDouble()).isPositive();
    JsonNode report =
        http.get("/v1/jobs/" + job.at("/id").asString() + "/artifacts/quantization_report.json")
            .json();
    assertThat(report.at("/calibration/sources/0/origin").asString())
        .matches("hf://datasets/tiny/lines@[0-9a-f]{40}/en/train.jsonl");
    assertThat(report.at("/calibration/sources/0/samples").asInt()).isEqualTo(4);
    assertThat(report.at("/model/origin").asString()).isEqualTo("hf://tiny/olmoe@" + commit);
    assertThat(report.at("/model/licence").asString()).isEqualTo("apache-2.0");
  }

  @Test
  void aModelIsInspectedAndPlannedFromItsHeadersAlone() {
    hub.push("tiny/other", model());
    hub.forgetRequests();
    JsonNode model =
        http.postJson("/v1/models:inspect", "{\"model\": \"hf://tiny/other@main\"}").json();
    assertThat(model.at("/family").asString()).isEqualTo("olmoe");
    assertThat(model.at("/experts").asInt()).isEqualTo(8);
    JsonNode plan = http.postJson("/v1/plans", body("tiny/other")).json();
    assertThat(plan.at("/family").asString()).isEqualTo("olmoe");
    assertThat(plan.at("/licence").asString()).isEqualTo("apache-2.0");
    assertThat(model.at("/licence").asString()).isEqualTo("apache-2.0");
    assertThat(hub.requests())
        .filteredOn(it -> it.host().equals("localhost"))
        .allSatisfy(it -> assertThat(it.headers()).containsKey("Range"));
  }

  @Test
  void whatTheHubRefusesIsAProblemOfTheModel() {
    Answer missing = problem(http.postJson("/v1/jobs", body("tiny/none")), 422, "invalid-job");
    assertThat(missing.at("/errors/0/pointer")).isEqualTo("/model");
    assertThat(missing.at("/errors/0/detail")).contains("'tiny/none' is not on the hub");
    Answer refused =
        problem(http.postJson("/v1/jobs", body("hf://other/model")), 422, "invalid-job");
    assertThat(refused.at("/errors/0/detail")).contains("permits tiny/*, datasets/tiny/*");
  }

  @Test
  void aHubThatDoesNotAnswerKeepsNoJobFromBeingTaken() {
    hub.push("tiny/away", FOLDER);
    hub.fault("/api/models/tiny/away", 1000, HubDouble.status(503));
    Answer plan = http.postJson("/v1/plans", body("tiny/away"));
    assertThat(plan.status()).isEqualTo(200);
    assertThat(plan.at("/warnings/0/code")).isEqualTo("model-away");
    assertThat(plan.at("/warnings/0/detail")).contains("status 503").contains("The run will tell");
    Answer posted = http.postJson("/v1/jobs", body("tiny/away"));
    assertThat(posted.status()).as(posted.toString()).isEqualTo(201);
    http.post("/v1/jobs/" + posted.json().at("/id").asString() + "/cancel");
  }

  @Test
  void aModelIsFetchedAheadListedAndDeleted() {
    String pushed = hub.push("tiny/ahead", FOLDER);
    hub.license("tiny/ahead", "mit");
    Answer asked = http.postJson("/v1/models", "{\"model\": \"tiny/ahead\"}");
    assertThat(asked.status()).as(asked.text()).isEqualTo(202);
    assertThat(asked.at("/revision")).isEqualTo(pushed);
    JsonNode model =
        await()
            .until(
                () -> listed("tiny/ahead"), it -> it.path("state").asString("").equals("present"));
    assertThat(model.at("/family").asString()).isEqualTo("olmoe");
    assertThat(model.at("/source").asString()).isEqualTo("cache");
    assertThat(model.at("/bytes").asLong()).isPositive();
    assertThat(http.postJson("/v1/models", "{\"model\": \"tiny/ahead\"}").at("/state"))
        .isEqualTo("present");
    await().until(() -> http.delete("/v1/models/tiny/ahead").status() == 204);
    assertThat(listed("tiny/ahead").isMissingNode()).isTrue();
    problem(http.delete("/v1/models/tiny/ahead"), 404, "model-not-found");
    problem(http.postJson("/v1/models", "{\"model\": \"tiny/none\"}"), 422, "invalid-body");
  }

  @Test
  void aModelBelowARootIsNotTheServicesToDelete() throws IOException {
    Path folder = Files.createDirectories(roots.resolve("mine/olmoe"));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"olmoe\"}");
    problem(http.delete("/v1/models/mine/olmoe"), 409, "model-not-owned");
    assertThat(folder.resolve("config.json")).exists();
    Files.delete(folder.resolve("config.json"));
  }

  private static JsonNode listed(String model) {
    JsonNode list = http.get("/v1/models").json().at("/data");
    return list.valueStream()
        .filter(it -> it.at("/model").asString().equals(model))
        .findFirst()
        .orElse(MissingNode.getInstance());
  }

  @Test
  void thePythonExampleRunsAJob() throws Exception {
    if (!PythonCommand.isThere()) {
      return;
    }
    Path job = Files.writeString(roots.resolve("job.json"), body(MODEL));
    Path out = roots.resolve("out");
    String output =
        PythonCommand.run(
            "examples/client.py", job.toString(), "--url", http.base(), "--out", out.toString());
    assertThat(output).contains("RUNNING", "\"artifacts\"");
    assertThat(out.resolve("model.safetensors")).isNotEmptyFile();
    String card = Files.readString(out.resolve("README.md"));
    assertThat(card)
        .startsWith("---\nbase_model: \"tiny/olmoe\"")
        .contains("license: \"apache-2.0\"", "hf://tiny/olmoe@" + commit)
        .contains("vLLM does not serve it: model.layers.", "transformers serve .");
  }

  @Test
  void theNotebooksCellsRunAJob() throws Exception {
    if (!PythonCommand.isThere()) {
      return;
    }
    JsonNode notebook =
        JsonMapper.shared().readTree(Files.readString(Path.of("examples/quantize.ipynb")));
    assertThat(notebook.at("/nbformat").asInt()).isEqualTo(4);
    StringBuilder script =
        new StringBuilder(
            "import os\nos.environ.update(ALPHAQUANT_URL='%s', ALPHAQUANT_MODEL='%s')\n"
                .formatted(http.base(), MODEL));
    for (JsonNode cell : notebook.at("/cells")) {
      if (cell.at("/cell_type").asString().equals("code")) {
        cell.at("/source").forEach(line -> script.append(line.asString()));
        script.append('\n');
      }
    }
    Path file = Files.writeString(roots.resolve("notebook.py"), script);
    assertThat(PythonCommand.run(file.toString()))
        .contains(
            "olmoe, 8 experts",
            "apache-2.0",
            "SUCCEEDED",
            "tokens",
            "model.safetensors",
            "## Serve it");
  }

  private static Answer upload(String name, byte[] content) {
    return http.send(
        http.request("/v1/files?name=" + name)
            .header("Content-Type", "application/octet-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(content)));
  }

  @Test
  void anUploadedFileIsCalibratedOnAndDeleted() {
    byte[] lines =
        "{\"text\": \"Day is no night and no night is day.\"}\n"
            .repeat(40)
            .getBytes(StandardCharsets.UTF_8);
    Answer sent = upload("notes.jsonl", lines);
    assertThat(sent.status()).as(sent.text()).isEqualTo(201);
    String source = sent.at("/source");
    assertThat(http.get("/v1/files").json().at("/data/0/source").asString()).isEqualTo(source);
    String body =
        """
        {"model": "%s", "config": {"default": {"group_size": 32}},
         "calibration": {"path": "%s", "samples": 2, "sequence_length": 16}}"""
            .formatted(MODEL, source);
    JsonNode job = finished(http.postJson("/v1/jobs", body).json().at("/id").asString());
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    JsonNode report =
        http.get("/v1/jobs/" + job.at("/id").asString() + "/artifacts/quantization_report.json")
            .json();
    assertThat(report.at("/calibration/sources/0/origin").asString())
        .isEqualTo(source + "/notes.jsonl");
    assertThat(report.at("/calibration/sources/0/sha256").asString()).isEqualTo(sent.at("/sha256"));
    assertThat(http.delete("/v1/files/" + sent.at("/id")).status()).isEqualTo(204);
    problem(http.delete("/v1/files/" + sent.at("/id")), 404, "file-not-found");
    Answer gone = problem(http.postJson("/v1/jobs", body), 422, "invalid-job");
    assertThat(gone.at("/errors/0/detail")).contains("there is no uploaded file");
  }

  @Test
  void aFileThatIsNoTextOrTooLargeIsRefused() {
    problem(upload("a.pkl", new byte[] {(byte) 0x80, 4, (byte) 0x95, 0}), 422, "invalid-body");
    problem(upload("a%2Fb", new byte[] {'a'}), 422, "invalid-body");
    problem(
        upload("large.txt", "a".repeat(3 << 20).getBytes(StandardCharsets.UTF_8)),
        413,
        "content-too-large");
    assertThat(upload("fits.txt", "a".repeat(1 << 20).getBytes(StandardCharsets.UTF_8)).status())
        .isEqualTo(201);
    problem(
        upload("more.txt", "a".repeat(3 << 19).getBytes(StandardCharsets.UTF_8)),
        413,
        "content-too-large");
  }
}
