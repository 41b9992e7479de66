package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.alphaquant.api.Http.Answer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PresetApiTest {

  private final Http http = RunningServer.shared().http();

  @Test
  void theRecommendedConfigurationsAreListed() {
    assertThat(http.get("/v1/presets").json().get("data"))
        .extracting(preset -> preset.get("name").asString())
        .contains("olmoe", "mixtral");
  }

  @Test
  void everyPresetsConfigurationCanBePosted() {
    for (JsonNode preset : http.get("/v1/presets").json().get("data")) {
      String body = "{\"model\": \"m\", \"config\": %s}".formatted(preset.get("config"));
      Answer posted = http.postJson("/v1/jobs", body);
      assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    }
  }

  @Test
  void aJobNamesAPresetAndPutsItsOwnOnTop() {
    Answer posted =
        http.postJson(
            "/v1/jobs",
            """
            {"model": "m", "preset": "olmoe",
             "config": {"default": {"aq": "fp8"},
                        "overrides": [{"pattern": "model.layers.0.*", "skip": true}]},
             "output": {"target_runtime": "vllm"}}""");
    assertThat(posted.status()).as(posted.text()).isEqualTo(201);
    JsonNode spec = posted.json().get("spec");
    JsonNode preset = http.get("/v1/presets/olmoe").json();
    int own = preset.at("/config/overrides").size();
    assertThat(spec.at("/config/comment").asString()).isEqualTo("preset olmoe");
    assertThat(spec.at("/config/default").properties())
        .extracting(field -> field.getKey() + " " + field.getValue())
        .containsExactlyInAnyOrder("wq \"mxfp4\"", "aq \"fp8\"", "group_size 32");
    assertThat(spec.at("/config/overrides")).hasSize(own + 1);
    assertThat(spec.at("/config/overrides/0")).isEqualTo(preset.at("/config/overrides/0"));
    assertThat(spec.at("/config/overrides/" + own + "/pattern").asString())
        .isEqualTo("model.layers.0.*");
    assertThat(spec.at("/output/format").asString()).isEqualTo("auto");
    assertThat(spec.at("/output/target_runtime").asString()).isEqualTo("vllm");
  }

  @Test
  void whatWasWrittenOutCanBePostedWithItsPresetAgain() {
    String body = "{\"model\": \"m\", \"preset\": \"olmoe\"}";
    JsonNode config = http.postJson("/v1/jobs", body).json().at("/spec/config");
    String again = "{\"model\": \"m\", \"preset\": \"olmoe\", \"config\": %s}".formatted(config);
    assertThat(http.postJson("/v1/jobs", again).json().at("/spec/config")).isEqualTo(config);
  }

  @Test
  void anUnknownPresetComesWithThoseThatThereAre() {
    Answer refused = http.postJson("/v1/jobs", "{\"model\": \"m\", \"preset\": \"int4\"}");
    ProblemTest.problem(refused, 422, "invalid-job");
    assertThat(refused.json().at("/errors/0/pointer").asString()).isEqualTo("/preset");
    assertThat(refused.json().at("/errors/0/allowed").toString()).contains("int4-g128");
    ProblemTest.problem(http.get("/v1/presets/int4"), 404, "not-found");
    String nothing = "{\"model\": \"m\", \"preset\": null}";
    assertThat(http.postJson("/v1/jobs", nothing).json().at("/spec/config").isNull()).isTrue();
  }
}
