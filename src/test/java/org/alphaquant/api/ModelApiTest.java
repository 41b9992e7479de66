package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.model.ModelFamilies;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ModelApiTest {

  private static final Path FIXTURES = Path.of("src/test/resources");

  @TempDir private static Path models;
  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server = new RunningServer(Map.of("alphaquant.models.roots", FIXTURES + "," + models));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void everyKnownFamilyIsListedWithItsRouting() {
    JsonNode data = http.get("/v1/architectures").json().get("data");
    assertThat(data.valueStream().map(family -> family.get("model_type").asString()))
        .containsExactlyElementsOf(
            ModelFamilies.known().stream().map(FamilyDescription::modelType).toList());
    JsonNode olmoe = data.get(0);
    assertThat(olmoe.at("/architectures/0").asString()).isEqualTo("OlmoeForCausalLM");
    assertThat(olmoe.at("/routing").asString()).contains("softmax", "top-k", "norm_topk_prob");
  }

  @Test
  void aModelSaysItsFamilyItsExpertsAndHowTheyAreRouted() {
    JsonNode model = inspect("{\"model\": \"micro/deepseek_v3\"}");
    assertThat(model.at("/family").asString()).isEqualTo("deepseek_v3");
    assertThat(model.at("/recognised_by").asString()).isEqualTo("model_type");
    assertThat(model.at("/layers").asInt()).isEqualTo(3);
    assertThat(model.at("/experts").asInt()).isEqualTo(8);
    assertThat(model.at("/top_k").asInt()).isEqualTo(2);
    assertThat(model.at("/routing/score").asString()).isEqualTo("sigmoid");
    assertThat(model.at("/routing/scale").asDouble()).isEqualTo(2.5);
    assertThat(model.at("/routing/groups").asInt()).isEqualTo(4);
    assertThat(model.at("/routing/kept_groups").asInt()).isEqualTo(2);
    assertThat(model.at("/routing/correction_bias").asBoolean()).isTrue();
    assertThat(model.at("/routing/shared_expert_width").asInt()).isEqualTo(32);
  }

  @Test
  void whatWouldBeQuantizedIsCountedAndNamedInAFewLines() {
    JsonNode model = inspect("{\"model\": \"micro/olmoe\", \"model_type\": null}");
    assertThat(model.at("/quantized/count").asInt()).isEqualTo(3 * (4 + 8 * 3));
    assertThat(model.at("/quantized/names").valueStream().map(JsonNode::asString))
        .containsExactly(
            "model.layers.0-2.self_attn.{q_proj,k_proj,v_proj,o_proj}",
            "model.layers.0-2.mlp.experts.0-7.{gate_proj,up_proj,down_proj}");
    assertThat(model.at("/unread/count").asInt()).isZero();
    long linears = 3L * (4 * 64 * 64 + 8 * 3 * 64 * 32 + 8 * 64);
    long rest = 2L * 1024 * 64 + 64 + 3L * 4 * 64;
    assertThat(model.at("/parameters").asLong()).isEqualTo(linears + rest);
  }

  @Test
  void aDenseModelHasNoRouting() {
    JsonNode model = inspect("{\"model\": \"micro/llama\"}");
    assertThat(model.at("/experts").asInt()).isZero();
    assertThat(model.at("/sparse_layers").asInt()).isZero();
    assertThat(model.has("routing")).isFalse();
  }

  @Test
  void anUnknownFamilyIsRefusedWithTheKnownOnesAndWhatWasSeen() throws IOException {
    Path folder = Files.createDirectories(models.resolve("strange"));
    Files.copy(
        FIXTURES.resolve("micro/llama/model.safetensors"), folder.resolve("model.safetensors"));
    String config = Files.readString(FIXTURES.resolve("micro/llama/config.json"));
    Files.writeString(
        folder.resolve("config.json"),
        config.replace("\"llama\"", "\"mamba9\"").replace("LlamaForCausalLM", "Mamba9ForCausalLM"));
    Answer answer = refused("{\"model\": \"strange\"}");
    assertThat(answer.at("/errors/0/pointer")).isEqualTo("/model");
    assertThat(answer.at("/errors/0/detail")).contains("mamba9", "Mamba9ForCausalLM", "olmoe");
    assertThat(answer.json().at("/errors/0/allowed").valueStream().map(JsonNode::asString))
        .contains("olmoe", "mixtral", "deepseek_v3", "llama");
  }

  @Test
  void aFamilyThatIsAskedForMustExistAndFit() {
    Answer unknown = refused("{\"model\": \"micro/llama\", \"model_type\": \"gpt9\"}");
    assertThat(unknown.at("/errors/0/pointer")).isEqualTo("/model_type");
    assertThat(unknown.at("/errors/0/value")).isEqualTo("gpt9");
    assertThat(unknown.json().at("/errors/0/allowed")).isNotEmpty();
    Answer unfit = refused("{\"model\": \"micro/llama\", \"model_type\": \"olmoe\"}");
    assertThat(unfit.at("/errors/0/pointer")).isEqualTo("/model_type");
  }

  @Test
  void whatIsNoModelIsRefused() {
    assertThat(refused("{\"model\": \"../..\"}").at("/errors/0/detail")).contains("outside");
    assertThat(refused("{\"model\": \"micro/none\"}").at("/errors/0/detail"))
        .contains("does not exist");
    assertThat(refused("{}").at("/errors/0/pointer")).isEqualTo("/model");
    assertThat(refused("{\"model\": \"micro/olmoe\", \"type\": 1}").at("/errors/0/pointer"))
        .isEqualTo("/type");
  }

  private static JsonNode inspect(String body) {
    Answer answer = http.postJson("/v1/models:inspect", body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static Answer refused(String body) {
    return problem(http.postJson("/v1/models:inspect", body), 422, "invalid-body");
  }
}
