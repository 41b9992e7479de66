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
}
