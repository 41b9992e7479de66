package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FamilyDetectionTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "deepseek, deepseek",
    "deepseek_v2, deepseek_v2",
    "deepseek_v2_group, deepseek_v2",
    "deepseek_v3, deepseek_v3",
    "llama, llama",
    "mistral, mistral",
    "mixtral, mixtral",
    "olmoe, olmoe",
    "olmoe_clip, olmoe",
    "qwen2, qwen2",
    "qwen2_moe, qwen2_moe",
    "qwen3, qwen3",
    "qwen3_moe, qwen3_moe"
  })
  void everyFixtureIsRecognisedInThreeWays(String fixture, String family) throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture(fixture)) {
      assertRecognisedInThreeWays(original, family);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "glm4_moe, glm4_moe",
    "gpt_oss, gpt_oss",
    "gpt_oss_mxfp4, gpt_oss",
    "granitemoe, granitemoe",
    "phimoe, phimoe"
  })
  void familiesWithoutAnOwnFixtureAreToo(String variant, String family) throws IOException {
    try (Checkpoint original = Checkpoint.open(EditedCheckpoint.VARIANTS.resolve(variant))) {
      assertRecognisedInThreeWays(original, family);
    }
  }

  private void assertRecognisedInThreeWays(Checkpoint original, String family) throws IOException {
    assertRecognised(original, family, "model_type");
    EditedCheckpoint edited = EditedCheckpoint.of(original).unset("model_type");
    try (Checkpoint untyped = Checkpoint.open(edited.write(folder.resolve("untyped")))) {
      assertRecognised(untyped, family, "architectures");
    }
    // Mistral's tensors are Llama's; only config.json tells them apart.
    edited.unset("architectures");
    if (family.equals("mistral")) {
      edited.unset("sliding_window");
    }
    String byNames = family.equals("mistral") ? "llama" : family;
    try (Checkpoint nameless = Checkpoint.open(edited.write(folder.resolve("nameless")))) {
      assertRecognised(nameless, byNames, "tensor names");
    }
  }

  @ParameterizedTest
  @MethodSource("org.alphaquant.model.ModelFamilies#known")
  void everyFamilyIsKnownByTypeAndClass(FamilyDescription family) {
    assertThat(family.modelType()).isNotBlank();
    assertThat(family.architectures()).isNotEmpty();
    assertThat(family.routing()).isNotBlank();
  }

  @Test
  void anUnknownFamilyIsRefusedWithTheKnownOnesAndWhatWasSeen() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited =
          EditedCheckpoint.of(original)
              .set("model_type", "\"gpt2\"")
              .set("architectures", "[\"GPT2LMHeadModel\"]");
      try (Checkpoint unknown = Checkpoint.open(edited.write(folder))) {
        assertThatThrownBy(() -> ModelFamilies.describe(unknown, null))
            .isInstanceOfSatisfying(
                ModelException.class,
                e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.UNKNOWN_FAMILY))
            .hasMessageContaining("gpt2")
            .hasMessageContaining("GPT2LMHeadModel")
            .hasMessageContaining("olmoe, mixtral, qwen2_moe, qwen3_moe, deepseek, deepseek_v2");
      }
    }
  }

  @Test
  void partsOfNamesDoNotCount() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited =
          EditedCheckpoint.of(original).set("model_type", "\"olmo\"").unset("architectures");
      try (Checkpoint unknown = Checkpoint.open(edited.write(folder))) {
        assertThatThrownBy(() -> ModelFamilies.describe(unknown, null))
            .hasMessageContaining("olmo,");
      }
    }
  }

  @Test
  void theRequestDecidesWhateverConfigSays() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("mixtral")) {
      EditedCheckpoint edited =
          EditedCheckpoint.of(original).set("model_type", "\"my_mixtral\"").unset("architectures");
      try (Checkpoint renamed = Checkpoint.open(edited.write(folder))) {
        ModelDescription description = ModelFamilies.describe(renamed, "mixtral");
        assertThat(description.family()).isEqualTo("mixtral");
        assertThat(description.recognisedBy()).isEqualTo("request");
      }
    }
  }

  @Test
  void aRequestedFamilyThatIsUnknownIsRefused() {
    try (Checkpoint checkpoint = EditedCheckpoint.fixture("mixtral")) {
      assertThatThrownBy(() -> ModelFamilies.describe(checkpoint, "mixtrel"))
          .hasMessageContaining("'mixtrel'")
          .hasMessageContaining("mixtral");
    }
  }

  @Test
  void aFamilyThatContradictsTheTensorsIsRefusedByTheFirstThatDoesNotFit() throws IOException {
    try (Checkpoint checkpoint = EditedCheckpoint.fixture("mixtral")) {
      EditedCheckpoint edited = EditedCheckpoint.of(checkpoint).unset("model_type");
      try (Checkpoint untyped = Checkpoint.open(edited.write(folder))) {
        assertThatThrownBy(() -> ModelFamilies.describe(untyped, "olmoe"))
            .isInstanceOf(ModelException.class)
            .hasMessageContaining("model.layers.0.");
      }
    }
  }

  @Test
  void aRequestDoesNotOverruleAFamilyThatIsKnown() {
    try (Checkpoint checkpoint = EditedCheckpoint.fixture("mistral")) {
      assertThatThrownBy(() -> ModelFamilies.describe(checkpoint, "llama"))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("model_type is 'mistral'")
          .hasMessageContaining("'llama'");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "embedding_multiplier | 12 | 1",
        "residual_multiplier | 0.22 | 1.0",
        "logits_scaling | 8 | 1",
        "attention_multiplier | 0.0078125 | null",
        "logit_scale | 0.0625 | 1",
        "clip_qkv | 8 | null",
        "query_pre_attn_scalar | 256 | null",
        "attn_logit_softcapping | 50.0 | null",
        "final_logit_softcapping | 30.0 | null",
        "sliding_window | 4096 | null",
        "layer_types | [\"sliding_attention\", \"full_attention\"] | [\"full_attention\"]",
        "no_rope_layers | [1, 1, 0] | [1, 1, 1]",
        "routed_scaling_factor | 2.5 | 1.0",
        "swiglu_limit | 7.0 | null",
        "mup_enabled | true | false",
        "index_topk | 2048 | null",
        "attention_chunk_size | 8192 | null"
      })
  void aKeyThatChangesTheArithmeticIsRefusedUnlessItIsRead(
      String key, String value, String harmless) throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("llama")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original).set(key, value);
      try (Checkpoint changed = Checkpoint.open(edited.write(folder.resolve("changed")))) {
        assertThatThrownBy(() -> ModelFamilies.describe(changed, null))
            .isInstanceOf(ModelException.class)
            .hasMessageContaining("config.json: " + key)
            .hasMessageContaining("llama");
      }
      edited.set(key, harmless);
      try (Checkpoint same = Checkpoint.open(edited.write(folder.resolve("same")))) {
        assertThat(ModelFamilies.describe(same, null).family()).isEqualTo("llama");
      }
    }
  }

  @Test
  void aTextModelInsideAMultimodalOneIsFound() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("qwen3")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("text_config", original.config().toString());
      edited.set("model_type", "\"some_vision_model\"");
      edited.rename(name -> "language_model." + name);
      try (Checkpoint nested = Checkpoint.open(edited.write(folder))) {
        ModelDescription description = ModelFamilies.describe(nested, null);
        assertThat(description.family()).isEqualTo("qwen3");
        assertThat(description.linears().get(0).name()).startsWith("language_model.model.layers");
      }
    }
  }

  private static void assertRecognised(Checkpoint checkpoint, String family, String by) {
    ModelDescription description = ModelFamilies.describe(checkpoint, null);
    assertThat(description.family()).isEqualTo(family);
    assertThat(description.recognisedBy()).isEqualTo(by);
  }
}
