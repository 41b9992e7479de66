package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alphaquant.architecture.LayerDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints whose config.json and tensors do not fit each other or the family. */
class CheckpointFitTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "olmoe|hidden_size|\"64\"|hidden_size is \"64\"; it must be a whole number",
        "olmoe|hidden_size|null|hidden_size is null",
        "olmoe|num_hidden_layers|0|num_hidden_layers is 0; it must be 1 or more",
        "olmoe|num_hidden_layers|4|model.layers.3.input_layernorm.weight is missing",
        "olmoe|num_hidden_layers|2|num_hidden_layers is 2 but there is a tensor model.layers.2.",
        "olmoe|num_hidden_layers|1000000000|num_hidden_layers is 1000000000, above",
        "olmoe|vocab_size|1000|model.embed_tokens.weight has shape [1024, 64]",
        "olmoe|hidden_act|\"gelu\"|hidden_act is 'gelu'; supported: ",
        "olmoe|num_experts_per_tok|9|num_experts_per_tok is 9 but there are 8 experts",
        "olmoe|num_key_value_heads|3|num_key_value_heads is 3, which does not divide 4",
        "olmoe|rms_norm_eps|\"tiny\"|rms_norm_eps is \"tiny\"; it must be a number",
        "olmoe|rms_norm_eps|0|rms_norm_eps is 0.0; it must be above 0",
        "olmoe|rms_norm_eps|-1e-5|rms_norm_eps is -1.0E-5; it must be above 0",
        "olmoe|rms_norm_eps|1e-60|rms_norm_eps is 1.0E-60; it must be above 0 in float32",
        "olmoe|rms_norm_eps|1e60|rms_norm_eps is 1.0E60, beyond the range of float32",
        "olmoe|rope_parameters|{\"rope_theta\":0}|rope_theta is 0.0; it must be above 1",
        "olmoe|rope_parameters|{\"rope_type\":\"linear\",\"factor\":-2}|factor is -2.0; it must",
        "olmoe|clip_qkv|0|clip_qkv is 0.0; it must be above 0",
        "olmoe|clip_qkv|-3|clip_qkv is -3.0; it must be above 0",
        "deepseek_v3|routed_scaling_factor|0|routed_scaling_factor is 0.0; it must be above 0",
        "olmoe|norm_topk_prob|1|norm_topk_prob is 1; it must be true or false",
        "olmoe|attention_bias|true|model.layers.0.self_attn.q_proj.bias is missing",
        "olmoe|rope_parameters|{\"rope_type\":\"spiral\"}|rope_parameters.rope_type is 'spiral'",
        "olmoe|rope_parameters|{\"rope_type\":\"linear\"}|rope_parameters.factor is missing",
        "olmoe|rope_parameters|{\"full_attention\":{}}|rope_parameters.full_attention",
        "olmoe|rope_scaling|{\"type\":\"linear\",\"factor\":2}|rope_scaling has factor 2 and rope_parameters has none",
        "olmoe|rope_scaling|{\"rope_type\":\"default\",\"rope_theta\":5e5}|rope_scaling has rope_theta 500000.0 and rope_parameters has 10000.0",
        "olmoe|partial_rotary_factor|0.5|partial_rotary_factor is 0.5",
        "llama|rope_scaling|{\"type\":\"llama3\",\"factor\":8}|rope_scaling.low_freq_factor",
        "qwen2_moe|use_sliding_window|true|use_sliding_window is true",
        "qwen2_moe|shared_expert_intermediate_size|32|mlp.shared_expert.gate_proj.weight",
        "deepseek|scoring_func|\"sigmoid\"|scoring_func is 'sigmoid'; supported: softmax",
        "deepseek|rope_scaling|{\"type\":\"yarn\",\"factor\":4}|rope_scaling has type 'yarn'",
        "deepseek_v2|topk_method|\"noaux_tc\"|topk_method is 'noaux_tc'",
        "deepseek_v2|use_mla|false|use_mla is false",
        "deepseek_v2|num_experts_per_tok|null|num_experts_per_tok is null",
        "deepseek_v2_group|n_group|3|n_group is 3, which does not split 8 experts",
        "deepseek_v2_group|n_group|null|n_group is null",
        "deepseek_v2_group|topk_group|5|topk_group is 5 of 4 groups",
        "deepseek_v2_group|q_lora_rank|null|self_attn.q_proj.weight is missing",
        "deepseek_v3|scoring_func|\"softmax\"|scoring_func is 'softmax'; supported: sigmoid",
        "qwen3|layer_types|[\"full_attention\"]|layer_types has 1 entries",
        "qwen3|layer_types|[\"mamba\",\"mamba\",\"mamba\"]|layer_types holds 'mamba'",
        "../variants/gpt_oss|layer_types|[\"full_attention\"]|layer_types has 1 entries",
        "../variants/gpt_oss|swiglu_limit|8.5|swiglu_limit is not 7",
        "../variants/gpt_oss|intermediate_size|48|experts.gate_up_proj has shape [6, 64, 64]"
      })
  void aValueThatDoesNotFitIsRefusedByItsKey(
      String fixture, String key, String json, String message) {
    assertRefused(fixture, edited -> edited.set(key, json), message);
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe, hidden_size",
    "olmoe, intermediate_size",
    "olmoe, num_hidden_layers",
    "olmoe, num_attention_heads",
    "deepseek_v2, num_experts_per_tok",
    "qwen2_moe, shared_expert_intermediate_size",
    "qwen3_moe, moe_intermediate_size"
  })
  void aMissingKeyThatNothingStandsInForIsNamed(String fixture, String key) {
    assertRefused(fixture, edited -> edited.unset(key), key + " is missing");
  }

  @Test
  void aMissingVocabularySizeIsThatOfTheEmbedding() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original).unset("vocab_size");
      try (Checkpoint changed = Checkpoint.open(edited.write(folder))) {
        assertThat(ModelFamilies.describe(changed, null).vocabulary()).isEqualTo(1024);
      }
    }
  }

  /** As later releases write what earlier ones need too. */
  @Test
  void bothSpellingsOfRotarySettingsMayStandTogetherWhereTheyAgree() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited =
          EditedCheckpoint.of(original)
              .set("rope_scaling", "{\"type\": \"default\"}")
              .set("rope_theta", "10000");
      try (Checkpoint changed = Checkpoint.open(edited.write(folder))) {
        assertThat(ModelFamilies.describe(changed, null).layers()).isEqualTo(3);
      }
    }
  }

  @Test
  void aWholeNumberMayBeWrittenWithAFraction() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original).set("num_experts_per_tok", "2.0");
      try (Checkpoint changed = Checkpoint.open(edited.write(folder))) {
        assertThat(ModelFamilies.describe(changed, null).routing().orElseThrow().topK())
            .isEqualTo(2);
      }
    }
    assertRefused(
        "olmoe", it -> it.set("num_experts_per_tok", "2.5"), "is 2.5; it must be a whole");
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe, model.layers.1.mlp.experts.5.up_proj.weight", "olmoe, model.norm.weight",
    "olmoe, lm_head.weight", "qwen2, model.layers.2.self_attn.k_proj.bias",
    "deepseek_v3, model.layers.1.mlp.gate.e_score_correction_bias"
  })
  void aMissingTensorIsNamed(String fixture, String tensor) {
    assertRefused(fixture, edited -> edited.drop(tensor), tensor + " is missing");
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe, model.layers.0.self_attn.o_proj.bias",
    "qwen2, model.layers.0.self_attn.o_proj.bias",
    "olmoe, model.layers.2.mlp.gate.bias",
    "mixtral, model.norm.bias",
    "llama, lm_head.bias"
  })
  void aTensorThatWouldBeLeftOutIsRefused(String fixture, String tensor) {
    assertRefused(
        fixture, edited -> edited.put(tensor, new float[64], 64L), tensor + " is not known");
  }

  @Test
  void integersAreNotWeights() {
    assertRefused(
        "olmoe",
        edited ->
            edited.put(
                TensorSource.of(
                    new TensorInfo("model.norm.weight", Dtype.I8, List.of(64L)),
                    ByteBuffer.allocate(64))),
        "model.norm.weight is stored as I8");
  }

  @Test
  void furtherTokenPredictorsAndDerivedTablesAreCarriedThrough() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("deepseek_v3")) {
      EditedCheckpoint edited =
          EditedCheckpoint.of(original)
              .put("model.layers.3.eh_proj.weight", new float[4], 2L, 2L)
              .put("model.layers.3.embed_tokens.weight", new float[4], 2L, 2L)
              .put("model.layers.0.self_attn.rotary_emb.inv_freq", new float[8], 8L);
      try (Checkpoint extra = Checkpoint.open(edited.write(folder))) {
        ModelDescription description = ModelFamilies.describe(extra, null);
        assertThat(description.layers()).isEqualTo(3);
        assertThat(description.unread())
            .containsExactlyInAnyOrder(
                "model.layers.3.eh_proj.weight",
                "model.layers.3.embed_tokens.weight",
                "model.layers.0.self_attn.rotary_emb.inv_freq");
        assertThat(description.parameters())
            .isEqualTo(ModelFamilies.describe(original, null).parameters());
      }
    }
  }

  @Test
  void aTiedHeadIsTheEmbedding() {
    try (Checkpoint checkpoint = EditedCheckpoint.fixture("llama")) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      assertThat(description.tiedHead()).isTrue();
      assertThat(description.parameters()).isEqualTo(checkpoint.totalBytes() / 2);
    }
  }

  @Test
  void parametersAndBytesAreThoseOfTheFile() {
    try (Checkpoint checkpoint = EditedCheckpoint.fixture("mixtral")) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      assertThat(description.bytes()).isEqualTo(checkpoint.totalBytes());
      assertThat(description.parameters()).isEqualTo(checkpoint.totalBytes() / 2);
    }
  }

  @Test
  void everySecondGptOssLayerSlidesUnlessLayerTypesSaysOtherwise() {
    try (Checkpoint original = EditedCheckpoint.fixture("../variants/gpt_oss")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original).unset("layer_types");
      try (Checkpoint untyped = write(edited)) {
        assertThat(windows(untyped)).containsExactly(7L, 0L, 7L);
      }
      edited.unset("sliding_window");
      try (Checkpoint unsized = write(edited)) {
        assertThat(windows(unsized)).containsExactly(128L, 0L, 128L);
      }
      edited.set("layer_types", "[\"full_attention\",\"full_attention\",\"sliding_attention\"]");
      try (Checkpoint typed = write(edited)) {
        assertThat(windows(typed)).containsExactly(0L, 0L, 128L);
      }
    }
  }

  private static List<Long> windows(Checkpoint checkpoint) {
    return ModelFamilies.describe(checkpoint, null).layerList().stream()
        .map(LayerDescription::slidingWindow)
        .toList();
  }

  private void assertRefused(String fixture, UnaryOperator<EditedCheckpoint> edit, String message) {
    try (Checkpoint original = EditedCheckpoint.fixture(fixture);
        Checkpoint edited = write(edit.apply(EditedCheckpoint.of(original)))) {
      assertThatThrownBy(() -> ModelFamilies.describe(edited, null))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(message);
    }
  }

  private Checkpoint write(EditedCheckpoint edited) {
    try {
      return Checkpoint.open(edited.write(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
