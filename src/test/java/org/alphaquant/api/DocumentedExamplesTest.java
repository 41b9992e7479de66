package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.job.JobSpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Every job that README, docs and openapi.yaml show, posted to a service as the quickstart's. */
class DocumentedExamplesTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Pattern BLOCK = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);
  private static final Pattern CURL =
      Pattern.compile("-d '(?<body>\\{.*?})'[^\n]*?(?<path>/v1/[\\w/:]+)");

  private static RunningServer server;
  private static Http http;

  /** A body and where it stands. */
  record Example(String place, String path, ObjectNode body) {
    /** What it names is not on this machine. */
    boolean isElsewhere() {
      return !body.path("model").asString("").startsWith("olmoe") || !fetched().isEmpty();
    }

    private List<JsonNode> fetched() {
      return Stream.concat(
              body.findValues("source").stream(),
              Stream.of(body.at("/calibration/path"), body.at("/evaluation/perplexity/path")))
          .filter(source -> !source.asString("").isEmpty())
          .filter(source -> !Files.exists(Path.of("examples", source.asString())))
          .toList();
    }

    @Override
    public String toString() {
      return place;
    }
  }

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of(
                "alphaquant.role", "all",
                "alphaquant.preflight.runner", "true",
                "alphaquant.worker.devices", "cpu",
                "alphaquant.worker.poll-every", "200ms",
                "alphaquant.models.roots", "examples/models",
                "alphaquant.files.roots", "examples",
                "alphaquant.webhooks.allowed-hosts", "example.org",
                "alphaquant.webhooks.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static List<Example> all() throws IOException {
    List<Example> examples = new ArrayList<>();
    try (Stream<Path> pages =
        Stream.concat(Stream.of(Path.of("README.md")), Files.list(Path.of("docs")).sorted())) {
      for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
        String text = Files.readString(page);
        BLOCK
            .matcher(text)
            .results()
            .flatMap(block -> objects(block.group(1)))
            .forEach(body -> add(examples, page.toString(), "/v1/jobs", body));
        CURL.matcher(text)
            .results()
            .forEach(
                curl ->
                    objects(curl.group(1))
                        .forEach(body -> add(examples, page.toString(), curl.group(2), body)));
      }
    }
    try (Stream<Path> jobs = Files.list(Path.of("examples/jobs")).sorted()) {
      for (Path job : jobs.filter(Files::isRegularFile).toList()) {
        add(examples, job.toString(), "/v1/jobs", JSON.readTree(job));
      }
    }
    ObjectNode compared = (ObjectNode) JSON.readTree(Path.of("examples/jobs/olmoe-demo-int3.json"));
    try (Stream<Path> baselines = Files.list(Path.of("examples/jobs/baselines")).sorted()) {
      for (Path baseline : baselines.toList()) {
        ObjectNode other = (ObjectNode) JSON.readTree(baseline).get("job");
        add(examples, baseline.toString(), "/v1/jobs", compared.deepCopy().setAll(other));
      }
    }
    Contract.document()
        .at("/paths/~1v1~1jobs/post/requestBody/content/application~1json/examples")
        .forEachEntry(
            (name, example) ->
                add(examples, "openapi.yaml " + name, "/v1/jobs", example.get("value")));
    return examples;
  }

  private static void add(List<Example> examples, String place, String path, JsonNode body) {
    if (body instanceof ObjectNode object && object.has("model")) {
      examples.add(new Example(place + " " + examples.size(), path, object));
    }
  }

  private static Stream<JsonNode> objects(String text) {
    return JSON.readerFor(JsonNode.class).<JsonNode>readValues(text).readAll().stream();
  }

  static Stream<Example> jobs() throws IOException {
    return all().stream().filter(example -> example.path().equals("/v1/jobs"));
  }

  static Stream<Example> here() throws IOException {
    return jobs()
        .filter(example -> !example.isElsewhere() && !example.body().has("webhook"))
        .filter(example -> !isWrong(example));
  }

  // The one that shows what a refusal looks like.
  private static boolean isWrong(Example example) {
    return example.body().at("/gptq/damp").asDouble(0) > 1;
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyExampleIsAJobThatCanBePlanned(Example example) {
    if (isWrong(example)) {
      Answer refused = problem(http.postJson("/v1/jobs", text(example)), 422, "invalid-job");
      assertThat(refused.json().at("/errors/0/pointer").asString()).isEqualTo("/gptq/damp");
      return;
    }
    assertThat(Contract.errors("JobSpec", example.body())).isEmpty();
    assertThat(JSON.treeToValue(example.body(), JobSpec.class).model()).isNotBlank();
    if (!example.isElsewhere()) {
      Answer plan = http.postJson("/v1/plans", text(example));
      assertThat(plan.status()).as(plan.text()).isEqualTo(200);
      assertThat(plan.json().at("/calibration/tokens").asLong()).isPositive();
    }
  }

  @Test
  void thereAreExamplesOfAllKinds() throws IOException {
    assertThat(here()).hasSizeGreaterThan(5);
    assertThat(jobs()).anyMatch(Example::isElsewhere).anyMatch(DocumentedExamplesTest::isWrong);
    assertThat(all()).anyMatch(example -> example.path().equals("/v1/models:inspect"));
  }

  @Test
  void whatTheReadmeSaysAJobIsSucceeds() throws IOException {
    Example first = here().findFirst().orElseThrow();
    assertThat(first.place()).startsWith("README.md");
    JsonNode job = finished(text(first));
    assertThat(job.at("/result/perplexity/after").asDouble()).isPositive();
    http.delete("/v1/jobs/" + job.at("/id").asString());
  }

  @Test
  void onlyTheModelIsRequired() {
    String body = "{\"model\": \"olmoe-demo\"}";
    JsonNode plan = http.postJson("/v1/plans", body).json();
    assertThat(plan.at("/calibration").toString())
        .isEqualTo("{\"samples\":128,\"sequence_length\":512,\"tokens\":65536}");
    assertThat(plan.get("warnings"))
        .singleElement()
        .satisfies(
            note -> {
              assertThat(note.at("/code").asString()).isEqualTo("group-size-fitted");
              assertThat(note.at("/pointer").asString()).isEqualTo("/config/default/group_size");
              assertThat(note.at("/value").asString()).isEqualTo("64");
            });
    JsonNode job = finished(body);
    String artifacts = "/v1/jobs/" + job.at("/id").asString() + "/artifacts/";
    assertThat(http.get(artifacts + "README.md").text()).contains("AlphaQuant built-in text 1");
  }

  @Test
  void aKeptCalibrationServesJobsUntilItIsDeleted() throws IOException {
    Example example =
        all().stream().filter(it -> it.path().equals("/v1/calibrations")).findFirst().orElseThrow();
    String kind = "{\"kind\": \"calibration\", " + text(example).substring(1);
    assertThat(http.postJson("/v1/plans", kind).json().at("/kept_bytes").asLong()).isPositive();
    Answer posted = http.postJson("/v1/calibrations", text(example));
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    String id = posted.at("/id");
    String job = "{\"model\": \"olmoe-demo\", \"calibration\": {\"id\": \"%s\"}}".formatted(id);
    awaited("/v1/calibrations/" + id);
    JsonNode listed = http.get("/v1/calibrations").json();
    assertThat(listed.at("/data").valueStream().map(it -> it.at("/id").asString())).contains(id);
    JsonNode result = finished(job).at("/result");
    assertThat(result.at("/bits_per_weight").asDouble()).isBetween(4.0, 5.0);
    String other = job.replace("}}", "}, \"gptq\": {\"routing_weight\": 2}}");
    Answer refused = problem(http.postJson("/v1/jobs", other), 422, "invalid-job");
    assertThat(refused.at("/errors/0/pointer")).isEqualTo("/gptq/routing_weight");
    assertThat(http.delete("/v1/calibrations/" + id).status()).isEqualTo(204);
    Answer gone = problem(http.postJson("/v1/jobs", job), 422, "invalid-job");
    assertThat(gone.at("/errors/0/detail")).isEqualTo("There is no calibration " + id);
  }

  @Test
  void aPlanCountsTheTokensThatThereAre() {
    String more =
        """
        {"model": "olmoe-demo",
         "calibration": {"path": "text/calibration.jsonl", "samples": 60000},
         "evaluation": {"perplexity": {"path": "text/eval.txt", "window": 131072}}}""";
    JsonNode plan = http.postJson("/v1/plans", more).json();
    assertThat(plan.at("/calibration/samples").asInt()).isEqualTo(122);
    assertThat(plan.get("warnings"))
        .filteredOn(it -> it.at("/code").asString().equals("too-little-text"))
        .extracting(it -> it.at("/pointer").asString() + " " + it.at("/detail").asString())
        .satisfiesExactly(
            text ->
                assertThat(text)
                    .startsWith("/calibration too little calibration text: 1200 documents of 62629")
                    .contains("give 122 of the 60000 samples of 512 tokens wanted"),
            text -> assertThat(text).startsWith("/evaluation too little evaluation text"));
  }

  @Test
  void aTextThatGivesNoSampleIsRefusedBeforeItIsQueued() {
    String few = "{\"model\": \"olmoe-demo\", \"calibration\": {\"texts\": [\"\"]}}";
    Answer answer = problem(http.postJson("/v1/jobs", few), 422, "invalid-job");
    assertThat(answer.json().at("/errors/0/pointer").asString()).isEqualTo("/calibration");
    assertThat(answer.json().at("/errors/0/detail").asString())
        .contains("One sample needs two tokens at least");
  }

  @Tag("faults")
  @ParameterizedTest
  @MethodSource("here")
  void everyExampleOfAJobSucceeds(Example example) {
    finished(text(example));
  }

  private static JsonNode finished(String body) {
    Answer posted = http.postJson("/v1/jobs", body);
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    return awaited("/v1/jobs/" + posted.json().at("/id").asString());
  }

  private static JsonNode awaited(String path) {
    JsonNode job =
        await()
            .atMost(Duration.ofMinutes(5))
            .until(() -> http.get(path).json(), it -> it.hasNonNull("finished_at"));
    assertThat(job.at("/state").asString()).as(job.toString()).isEqualTo("SUCCEEDED");
    return job;
  }

  private static String text(Example example) {
    return JSON.writeValueAsString(example.body());
  }
}
