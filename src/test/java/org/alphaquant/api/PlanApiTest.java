package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.checkpoint.Checkpoint;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class PlanApiTest {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of(
                "alphaquant.models.roots", "src/test/resources,examples/models",
                "alphaquant.files.roots", "src/test/resources"));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aPlanSaysWhatTheJobComesTo() {
    JsonNode plan = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{}");
    assertThat(plan.at("/family").asString()).isEqualTo("olmoe");
    assertThat(plan.at("/format").asString()).isEqualTo("compressed-tensors");
    assertThat(plan.at("/target_runtime").asString()).isEqualTo("none");
    assertThat(plan.at("/bits_per_weight").asDouble()).isBetween(4.5, 4.6);
    // This server may start no runner.
    assertThat(plan.at("/warnings"))
        .singleElement()
        .extracting(warning -> warning.at("/code").asString())
        .isEqualTo("tokenizer-not-tried");
    JsonNode int4 = plan.at("/schemes/0");
    assertThat(int4.at("/scheme").asString()).isEqualTo("int4 g32");
    assertThat(int4.at("/count").asInt()).isEqualTo(3 * (4 + 8 * 3));
    assertThat(int4.at("/modules/0").asString())
        .isEqualTo("model.layers.0-2.self_attn.{q_proj,k_proj,v_proj,o_proj}");
    assertThat(plan.at("/schemes/1/wq").asString()).isEqualTo("bf16");
    assertThat(plan.at("/schemes/1/modules").toString()).contains("mlp.gate", "lm_head");
  }

  @Test
  void bytesAreTheSourcesAndThoseOfTheTensorsThatWouldBeWritten() {
    JsonNode plan = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{}");
    long weights = 3L * (4 * 64 * 64 + 8 * 3 * 64 * 32);
    long shapes = 3L * (4 + 8 * 3) * 2 * Long.BYTES;
    long quantized = weights * 4 / 8 + weights / 32 * 2 + shapes;
    try (Checkpoint source = Checkpoint.open(Path.of("src/test/resources/micro/olmoe"))) {
      assertThat(plan.at("/bytes/before").asLong()).isEqualTo(source.totalBytes());
      assertThat(plan.at("/bytes/after").asLong())
          .isEqualTo(source.totalBytes() - 2 * weights + quantized);
      assertThat(plan.at("/bits_per_weight").asDouble())
          .isCloseTo(8.0 * quantized / weights, within(1e-9));
    }
  }

  @Test
  void allTensorsOfTheResultArePagedThrough() {
    JsonNode whole = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{}");
    assertThat(whole.has("tensors")).isFalse();
    List<JsonNode> tensors = new ArrayList<>();
    String next = "";
    do {
      JsonNode page = tensors("&limit=100" + next).json();
      assertThat(page.at("/tensor_count")).isEqualTo(whole.at("/tensor_count"));
      page.at("/tensors/data").forEach(tensors::add);
      next =
          page.has("tensors") && page.at("/tensors/has_more").asBoolean()
              ? "&after=" + page.at("/tensors/next").asString()
              : null;
    } while (next != null);
    assertThat(tensors).hasSize(whole.at("/tensor_count").asInt()).doesNotHaveDuplicates();
    assertThat(tensors.stream().mapToLong(tensor -> tensor.get("bytes").asLong()).sum())
        .isEqualTo(whole.at("/bytes/after").asLong());
    assertThat(tensors)
        .filteredOn(
            tensor ->
                tensor
                    .get("name")
                    .asString()
                    .equals("model.layers.1.mlp.experts.7.up_proj.weight_packed"))
        .singleElement()
        .hasToString(
            "{\"name\":\"model.layers.1.mlp.experts.7.up_proj.weight_packed\",\"dtype\":\"I32\","
                + "\"shape\":[32,8],\"bytes\":1024,\"scheme\":\"int4 g32\","
                + "\"modules\":[\"model.layers.1.mlp.experts.7.up_proj\"]}");
    assertThat(tensors("&after=no.such.tensor").status()).isEqualTo(400);
    assertThat(tensors("&limit=0").status()).isEqualTo(400);
    assertThat(http.postJson("/v1/plans?include=weights", OLMOE).status()).isEqualTo(400);
    assertThat(http.postJson("/v1/plans?inclde=tensors", OLMOE).status()).isEqualTo(400);
  }

  private static final String OLMOE =
      "{\"model\": \"micro/olmoe\", \"config\": {\"default\": {\"group_size\": 32}}}";

  private static Answer tensors(String parameters) {
    return http.postJson("/v1/plans?include=tensors" + parameters, OLMOE);
  }

  @Test
  void aJobIsHeldToTheSourceThatItWasPlannedOn() {
    JsonNode plan = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{}");
    String planned = plan.at("/source_sha256").asString();
    Answer posted = http.postJson("/v1/jobs", OLMOE);
    assertThat(posted.json().at("/spec/source_sha256").asString()).isEqualTo(planned);
    String other =
        OLMOE.replace("{\"model\"", "{\"source_sha256\": \"" + "0".repeat(64) + "\", \"model\"");
    Answer refused = http.postJson("/v1/jobs", other);
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().at("/errors/0/pointer").asString()).isEqualTo("/source_sha256");
    assertThat(refused.json().at("/errors/0/detail").asString()).contains(planned);
  }

  @Test
  void moreTextTakesMoreMemoryAndMoreTime() {
    JsonNode few = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{\"samples\": 8}");
    JsonNode many = plan("micro/olmoe", "{\"default\": {\"group_size\": 32}}", "{\"samples\": 80}");
    long stream = 72L * 512 * 64 * Float.BYTES;
    assertThat(many.at("/memory/device_bytes").asLong() - few.at("/memory/device_bytes").asLong())
        .isBetween(stream, 4 * stream);
    assertThat(few.at("/memory/experts_at_once").asInt()).isEqualTo(8);
    assertThat(many.at("/estimates")).hasSize(2);
    for (int device = 0; device < 2; device++) {
      String minutes = "/estimates/%d/minutes".formatted(device);
      assertThat(many.at(minutes).asDouble()).isGreaterThan(few.at(minutes).asDouble() * 5);
    }
    assertThat(many.at("/estimates/0/minutes").asDouble())
        .isGreaterThan(many.at("/estimates/1/minutes").asDouble());
  }

  @Test
  void aRepackingNeitherCalibratesNorSolves() {
    String repack = "{\"kind\": \"repack\", \"model\": \"micro/olmoe\"}";
    JsonNode plan = http.postJson("/v1/plans", repack).json();
    assertThat(plan.at("/estimates")).hasSize(2);
    assertThat(plan.at("/estimates").valueStream().map(it -> it.at("/minutes").asDouble()))
        .containsOnly(0.0);
  }

  @Test
  void aMixtureThatNoFormatHoldsIsPlannedDequantizedWithANote() {
    JsonNode plan =
        plan(
            "micro/olmoe",
            "{\"default\": {\"wq\": \"mxfp4\", \"group_size\": 32},"
                + " \"overrides\": [{\"pattern\": \"*.self_attn.*\", \"wq\": \"mxfp6\"},"
                + " {\"pattern\": \"*.down_proj\", \"wq\": \"int4\"}]}",
            "{}");
    assertThat(plan.at("/format").asString()).isEqualTo("dequantized");
    assertThat(plan.at("/bytes/after").asLong()).isEqualTo(plan.at("/bytes/before").asLong());
    assertThat(plan.get("warnings").valueStream().map(warning -> warning.at("/code").asString()))
        .contains("written-dequantized");
  }

  @Test
  void theOlmoePresetRunsAsItStands() {
    JsonNode preset =
        http.get("/v1/presets")
            .json()
            .get("data")
            .valueStream()
            .filter(it -> it.get("name").asString().equals("olmoe"))
            .findFirst()
            .orElseThrow();
    JsonNode plan = plan("olmoe-demo", preset.get("config").toString(), "{}");
    assertThat(plan.get("schemes").valueStream().map(scheme -> scheme.at("/wq").asString()))
        .containsExactlyInAnyOrder("mxfp4", "int4", "mxfp6", "bf16");
    assertThat(plan.at("/format").asString()).isEqualTo("dequantized");
  }

  @Test
  void aPatternThatMatchesNothingIsAWarningAtItsPlace() {
    JsonNode plan =
        plan(
            "micro/olmoe",
            "{\"default\": {\"group_size\": 32},"
                + " \"overrides\": [{\"pattern\": \"*.block_sparse_moe.*\", \"skip\": true}]}",
            "{}");
    assertThat(plan.at("/warnings/0/severity").asString()).isEqualTo("warning");
    assertThat(plan.at("/warnings/0/pointer").asString()).isEqualTo("/config/overrides/0/pattern");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "deepseek",
        "deepseek_v2",
        "deepseek_v2_group",
        "deepseek_v3",
        "llama",
        "mistral",
        "mixtral",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "qwen3_moe"
      })
  void modelsOfEveryFamilyCanBePlanned(String model) {
    JsonNode plan = plan("micro/" + model, "{\"default\": {\"group_size\": 16}}", "{}");
    assertThat(plan.at("/bytes/after").asLong()).isLessThan(plan.at("/bytes/before").asLong());
    assertThat(plan.at("/memory/device_bytes").asLong()).isPositive();
    assertThat(plan.at("/memory/host_bytes").asLong()).isPositive();
  }

  @ParameterizedTest
  @CsvFileSource(resources = "refused-jobs.csv", delimiter = '\t', quoteCharacter = '`')
  void whatIsWrongIsFoundAtItsPlaceInJobsAndInPlans(String fields, String pointer, String detail) {
    String body = "{\"model\": \"micro/olmoe\", %s}".formatted(fields);
    Answer job = problem(http.postJson("/v1/jobs", body), 422, "invalid-job");
    assertThat(job.json().get("errors"))
        .anySatisfy(
            error -> {
              assertThat(error.get("pointer").asString()).isEqualTo(pointer);
              assertThat(error.get("detail").asString()).contains(detail);
            });
    Answer plan = problem(http.postJson("/v1/plans", body), 422, "invalid-job");
    assertThat(plan.json().get("errors")).isEqualTo(job.json().get("errors"));
  }

  @Test
  void namesThatDoNotExistComeWithThoseThatDo() {
    String body =
        "{\"model\": \"micro/olmoe\", \"config\": {\"default\": {\"group_size\": 32}},"
            + " \"output\": {\"format\": \"awq\", \"target_runtime\": \"tgi\"}}";
    Answer answer = problem(http.postJson("/v1/plans", body), 422, "invalid-job");
    assertThat(answer.json().at("/errors/0/allowed").toString())
        .isEqualTo(
            "[\"auto\",\"compressed-tensors\",\"gptq\",\"quark\",\"mxfp4\",\"gguf\",\"dequantized\"]");
    assertThat(answer.json().at("/errors/1/allowed").toString())
        .isEqualTo("[\"vllm\",\"sglang\",\"transformers\",\"llama.cpp\",\"none\"]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{`config`: {`default`: {`wq`: `?`}}}          | /components/schemas/WeightFormat",
        "{`config`: {`default`: {`aq`: `?`}}}          | /components/schemas/ActivationFormat",
        "{`output`: {`format`: `?`}}         | /components/schemas/Output/properties/format",
        "{`output`: {`target_runtime`: `?`}} | /components/schemas/Output/properties/target_runtime",
        "{`recipe`: `?`}                     | /components/schemas/JobSpec/properties/recipe"
      })
  void theContractListsTheNamesThatTheServiceTakes(String fields, String schema) {
    ObjectNode body = (ObjectNode) JSON.readTree(fields.replace('`', '"'));
    Answer refused =
        problem(
            http.postJson("/v1/plans", body.put("model", "micro/olmoe").toString()),
            422,
            "invalid-job");
    List<JsonNode> promised =
        new ArrayList<>(Contract.document().at(schema + "/enum").valueStream().toList());
    promised.removeIf(JsonNode::isNull);
    assertThat(refused.json().at("/errors/0/allowed"))
        .containsExactlyInAnyOrderElementsOf(promised);
  }

  @Test
  void theDefaultsOfTheContractAreThoseThatAnAnswerShows() {
    JsonNode spec = http.postJson("/v1/jobs", "{\"model\": \"micro/olmoe\"}").json().get("spec");
    Map<String, JsonNode> parts =
        Map.of(
            "JobSpec", spec,
            "Gptq", spec.get("gptq"),
            "Calibration", spec.get("calibration"),
            "Output", spec.get("output"),
            "Resources", spec.get("resources"));
    int compared = 0;
    for (Map.Entry<String, JsonNode> part : parts.entrySet()) {
      JsonNode properties =
          Contract.document().at("/components/schemas/" + part.getKey() + "/properties");
      for (Map.Entry<String, JsonNode> property : properties.properties()) {
        JsonNode promised = property.getValue().path("default");
        if (!promised.isMissingNode()) {
          JsonNode shown = part.getValue().path(property.getKey());
          String place = part.getKey() + "." + property.getKey();
          if (promised.isNumber()) {
            assertThat(shown.asDouble()).as(place).isEqualTo(promised.asDouble());
          } else {
            assertThat(shown).as(place).isEqualTo(promised);
          }
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(10);
  }

  @ParameterizedTest
  @MethodSource("presets")
  void everyPresetCanBePlannedByItsName(String preset) {
    String model = preset.equals("mixtral") ? "micro/mixtral" : "olmoe-demo";
    JsonNode plan =
        http.postJson(
                "/v1/plans", "{\"model\": \"%s\", \"preset\": \"%s\"}".formatted(model, preset))
            .json();
    assertThat(plan.at("/format").asString()).as(plan.toString()).isNotEmpty();
    assertThat(plan.at("/warnings"))
        .noneMatch(finding -> finding.at("/severity").asString().equals("error"));
  }

  static List<String> presets() {
    return http.get("/v1/presets")
        .json()
        .get("data")
        .valueStream()
        .map(preset -> preset.get("name").asString())
        .toList();
  }

  @Test
  void planningStoresNothing() {
    JsonNode before = http.get("/v1/jobs").json().get("data");
    plan("micro/llama", "{\"default\": {\"group_size\": 16}}", "{}");
    assertThat(http.get("/v1/jobs").json().get("data")).hasSameSizeAs(before);
  }

  private static JsonNode plan(String model, String config, String calibration) {
    String body =
        "{\"model\": \"%s\", \"config\": %s, \"calibration\": %s}"
            .formatted(model, config, calibration);
    Answer answer = http.postJson("/v1/plans", body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }
}
