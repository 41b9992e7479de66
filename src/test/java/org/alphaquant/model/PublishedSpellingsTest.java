package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The fixtures say what transformers 5 writes; published files have other keys for the same. */
class PublishedSpellingsTest {

  private static final Path BUNDLED = Path.of("src/test/resources/families");
  private static Torch torch;

  @TempDir private Path folder;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  static Stream<Arguments> spellings() {
    return Stream.of(
        Arguments.of(
            "mimo_v2_flash",
            List.of("layer_types", "mlp_layer_types", "rope_parameters", "rms_norm_eps"),
            """
            {"hybrid_layer_pattern": [1, 0, 1], "moe_layer_freq": [0, 1, 1],
             "swa_num_attention_heads": 4, "swa_num_key_value_heads": 4, "swa_head_dim": 48,
             "swa_v_head_dim": 32, "rope_theta": 5000000, "swa_rope_theta": 10000,
             "partial_rotary_factor": 0.334, "layernorm_epsilon": 1e-5,
             "add_swa_attention_sink_bias": true, "add_full_attention_sink_bias": false,
             "routed_scaling_factor": null, "n_shared_experts": null}
            """),
        Arguments.of(
            "nemotron_h",
            List.of("layers_block_type", "time_step_limit"),
            """
            {"hybrid_override_pattern": "ME*-", "num_hidden_layers": 4, "norm_eps": 1e-5,
             "partial_rotary_factor": 1.0, "sliding_window": null}
            """),
        Arguments.of(
            "gemma4_moe",
            List.of("per_layer_config", "rope_parameters"),
            "{\"global_head_dim\": 32, \"num_global_key_value_heads\": 1}"),
        Arguments.of(
            "llama4_text",
            List.of("rope_parameters", "layer_types", "floor_scale"),
            "{\"rope_theta\": 500000.0, \"rope_scaling\": null, \"floor_scale\": 8}"),
        Arguments.of(
            "kimi_linear",
            List.of("layer_types", "mlp_layer_types", "linear_head_dim", "linear_num_heads"),
            """
            {"linear_attn_config": {"kda_layers": [1, 3], "full_attn_layers": [2], "head_dim": 16,
              "num_heads": 2, "short_conv_kernel_size": 4},
             "first_k_dense_replace": 1, "moe_layer_freq": 1, "mla_use_nope": true,
             "moe_router_activation_func": "sigmoid", "use_grouped_topk": true}
            """));
  }

  @ParameterizedTest
  @MethodSource("spellings")
  void areTheSameModel(String family, List<String> without, String with) throws IOException {
    FamilyFixturesTest.agree(torch, respelled(family, without, with));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nemotron_h|moe_latent_size|16",
        "gemma4_moe|hidden_size_per_layer_input|16",
        "gemma4_moe|num_kv_shared_layers|1",
        "gemma4_moe|use_bidirectional_attention|\"all\"",
        "llama4_text|layer_types|[\"sliding_attention\"]",
        "kimi_linear|mla_use_nope|false",
        "kimi_linear|moe_router_activation_func|\"softmax\"",
        "nemotron_h|sliding_window|8",
        "kimi_linear|query_pre_attn_scalar|8"
      })
  void whatIsNotComputedIsRefusedByName(String family, String key, String value)
      throws IOException {
    Path changed = respelled(family, List.of(), "{\"%s\": %s}".formatted(key, value));
    assertThatThrownBy(() -> FamilyFixturesTest.agree(torch, changed))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(key);
  }

  // As transformers 5.18: the type alone says whether a part of each head is turned.
  @Test
  void gemma4TurnsWholeHeadsUnlessTheTypeIsProportional() throws IOException {
    float[] whole = logits(gemma4("default", 1));
    assertThat(logits(gemma4("default", 0.25))).isEqualTo(whole);
    assertThat(logits(gemma4("proportional", 0.25))).isNotEqualTo(whole);
  }

  private Path gemma4(String type, double part) throws IOException {
    return respelled(
        "gemma4_moe",
        List.of(),
        """
        {"rope_parameters": {
          "full_attention": {"rope_type": "%s", "partial_rotary_factor": %s, "rope_theta": 1e6},
          "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}}
        """
            .formatted(type, part));
  }

  private static float[] logits(Path folder) {
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        Reference reference = Reference.of(folder);
        TensorScope scope = torch.scope(folder.toString())) {
      Model model = ModelFamilies.open(checkpoint, ModelFamilies.describe(checkpoint, null), scope);
      NDArray x = model.embed(scope, reference.inputIds(scope));
      for (int layer = 0; layer < model.description().layers(); layer++) {
        x = model.layer(scope, layer).forward(scope, x);
      }
      return model.logits(scope, x).toFloatArray();
    }
  }

  private Path respelled(String family, List<String> without, String with) throws IOException {
    Path fixture = BUNDLED.resolve(family);
    for (String file : List.of("model.safetensors", "reference.safetensors")) {
      Files.copy(fixture.resolve(file), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    JsonMapper json = JsonMapper.shared();
    ObjectNode config = json.readTree(fixture.resolve("config.json").toFile()).asObject();
    config.remove(without);
    config.setAll(json.readTree(with).asObject());
    json.writeValue(folder.resolve("config.json").toFile(), config);
    return folder;
  }
}
