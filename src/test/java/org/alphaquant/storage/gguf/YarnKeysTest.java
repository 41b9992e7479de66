package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class YarnKeysTest {

  @Test
  void gptOssAsPublishedBlendsBetweenFractionsOfPairs() {
    YarnKeys published =
        keys(
            """
            {"head_dim": 64, "rope_parameters": {"rope_theta": 150000, "factor": 32, "beta_fast": 32,
             "beta_slow": 1, "original_max_position_embeddings": 4096, "truncate": %s}}
            """,
            false);
    assertThat(published.difference("llama"))
        .hasValueSatisfying(it -> assertThat(it).contains("truncate false"));
    assertThat(keys(SHORT, true).difference("llama")).isEmpty();
  }

  @Test
  void turnsThatTheArchitectureDoesNotReadAreADifference() {
    String kimi =
        """
        {"qk_rope_head_dim": 64, "head_dim": 192, "rope_parameters": {"rope_theta": 50000,
         "factor": 32, "beta_fast": 1, "beta_slow": 1,
         "original_max_position_embeddings": %s}}
        """;
    assertThat(keys(kimi, 4096).difference("deepseek2"))
        .hasValueSatisfying(
            it ->
                assertThat(it).contains("beta_fast 32.0000", "model 1.00000", "--yarn-beta-fast"));
    assertThat(keys(kimi, 4096).difference("mistral3")).isEmpty();
  }

  /** Both blend the first pair alone. */
  @Test
  void truncationThatMovesNoFrequencyIsNoDifference() {
    assertThat(keys(SHORT, false).difference("llama")).isEmpty();
  }

  @Test
  void theFileSaysWhatAttentionIsScaledByWhereThatIsUnusual() {
    EngineKeys unusual = new EngineKeys("laguna");
    YarnKeys keys = keys("{\"rope_parameters\": {\"factor\": 16, \"attention_factor\": %s}}", 1.0);
    keys.write(unusual);
    assertThat(keys.leavesLengths()).isTrue();
    assertThat((double) unusual.values().get("laguna.rope.scaling.attn_factor").value())
        .isCloseTo(1 / (1 + 0.1 * Math.log(16)), within(1e-12));
    EngineKeys usual = new EngineKeys("laguna");
    keys("{\"rope_parameters\": {\"factor\": %s}}", 16).write(usual);
    assertThat(usual.values()).doesNotContainKey("laguna.rope.scaling.attn_factor");
  }

  @Test
  void unequalScalesOfQueriesAndKeysAreOneFactor() {
    YarnKeys keys =
        keys("{\"rope_parameters\": {\"factor\": 16, \"mscale\": 1, \"mscale_all_dim\": %s}}", 0.5);
    double log = Math.log(16);
    assertThat(keys.attention()).isCloseTo((1 + 0.1 * log) / (1 + 0.05 * log), within(1e-12));
  }

  private static final String SHORT =
      """
      {"head_dim": 16, "rope_parameters": {"rope_theta": 150000, "factor": 8,
       "original_max_position_embeddings": 16, "truncate": %s}}
      """;

  private static YarnKeys keys(String config, Object setting) {
    return new YarnKeys(
        new FamilyConfig(JsonMapper.shared().readTree(config.formatted(setting)), null, Set.of()));
  }
}
