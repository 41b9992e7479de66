package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ExpertMapTest {
  private static final JsonNode LAYERS =
      JsonMapper.shared()
          .readTree(
              """
              [{"layer": 3, "experts": [
                {"expert": 0, "tokens": 250, "share": 0.25, "under_utilized": false},
                {"expert": 1, "tokens": 600, "share": 0.60, "under_utilized": false},
                {"expert": 2, "tokens": 125, "share": 0.125, "under_utilized": false},
                {"expert": 3, "tokens": 25, "share": 0.025, "under_utilized": true}]}]
              """);

  @Test
  void aBlockIsAsHighAsTheShareAndStarvedExpertsAreNamed() {
    assertThat(ExpertMap.render(LAYERS, 0))
        .startsWith("layer   3  ▄█▂×\n")
        .endsWith("under-utilized: layer 3 expert 3, 25 tokens (2.50 %)");
  }

  @Test
  void inATerminalUnderUtilizedExpertsAreRed() {
    assertThat(ExpertMap.render(LAYERS, 80)).startsWith("layer   3  ▄█▂\033[31m▁\033[0m\n");
  }

  @Test
  void aLayerWiderThanTheTerminalGoesOnInTheNextLine() {
    JsonNode wide =
        JsonMapper.shared()
            .readTree(
                "[{\"layer\": 0, \"experts\": [%s{\"share\": 0.05}]}]"
                    .formatted("{\"share\": 0.05},".repeat(19)));

    assertThat(ExpertMap.render(wide, 28).lines().limit(2))
        .containsExactly("layer   0  " + "▄".repeat(16), " ".repeat(11) + "▄".repeat(4));
  }

  @Test
  void aModelWithoutExpertsIsSaidToHaveNone() {
    assertThat(ExpertMap.render(JsonMapper.shared().createArrayNode(), 80))
        .isEqualTo("No layer has counted its experts.");
  }
}
