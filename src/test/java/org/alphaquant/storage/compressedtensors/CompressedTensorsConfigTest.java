package org.alphaquant.storage.compressedtensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.function.Function;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.storage.Modules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class CompressedTensorsConfigTest {
  private static final TensorScheme INT4 = TensorScheme.of(NumberFormat.INT4, 128);

  private static final TensorScheme INT8_CHANNEL = TensorScheme.of(NumberFormat.INT8, -1);
  private static final TensorScheme FP8_DYNAMIC =
      new TensorScheme(NumberFormat.FP8_E4M3, -1, true, NumberFormat.FP8_E4M3);
  private static final TensorScheme NVFP4_LOCAL =
      new TensorScheme(NumberFormat.NVFP4, 16, true, NumberFormat.NVFP4);

  private static Function<String, TensorScheme> schemes(
      TensorScheme experts, TensorScheme attention) {
    return name -> {
      if (name.contains(".experts.")) {
        return experts;
      }
      return name.contains("self_attn") ? attention : TensorScheme.UNQUANTIZED;
    };
  }

  private static ObjectNode olmoe(TensorScheme experts, TensorScheme attention) {
    return CompressedTensorsConfig.of(Modules.olmoe(16, 64, schemes(experts, attention)), false);
  }

  private static JsonNode expected(String resource) {
    return JsonMapper.shared()
        .readTree(CompressedTensorsConfigTest.class.getResourceAsStream(resource));
  }

  @Test
  void int4ExpertsBesideInt8AttentionArePackedBoth() {
    assertThat(olmoe(INT4, INT8_CHANNEL)).isEqualTo(expected("int4-experts-int8-attention.json"));
  }

  @Test
  void fp8WithDynamicActivationsIsFloatQuantized() {
    assertThat(olmoe(FP8_DYNAMIC, FP8_DYNAMIC)).isEqualTo(expected("fp8-dynamic.json"));
  }

  @Test
  void differentStorageFormatsMakeMixedPrecision() {
    assertThat(olmoe(TensorScheme.of(NumberFormat.MXFP4, 32), NVFP4_LOCAL))
        .isEqualTo(expected("mxfp4-experts-nvfp4-attention.json"));
  }

  @Test
  void layersOfDifferentSchemesAreToldApartByTheirNumbers() {
    ObjectNode config =
        CompressedTensorsConfig.of(
            Modules.olmoe(
                16,
                64,
                name ->
                    name.matches("model\\.layers\\.(0|15)\\.mlp\\.experts.*")
                        ? INT8_CHANNEL
                        : schemes(INT4, FP8_DYNAMIC).apply(name)),
            false);
    assertThat(config.get("format").stringValue()).isEqualTo("mixed-precision");
    assertThat(config.at("/config_groups/group_0/targets/0").stringValue())
        .isEqualTo("re:model\\.layers\\.(?:0|15)\\.mlp\\.experts\\..*");
    assertThat(config.at("/config_groups/group_1/targets/0").stringValue())
        .isEqualTo("re:model\\.layers\\.(?:[1-9]|1[0-4])\\.mlp\\.experts\\..*");
    assertThat(config.at("/config_groups/group_2/targets/0").stringValue())
        .isEqualTo("re:model\\.layers\\.\\d+\\.self_attn\\.(?:k_proj|o_proj|q_proj|v_proj)$");
  }

  @Test
  void expertsCanBeTargetedByTheirClassName() {
    JsonNode config =
        CompressedTensorsConfig.of(Modules.olmoe(2, 4, schemes(INT4, INT8_CHANNEL)), true);
    assertThat(config.at("/config_groups/group_0/targets").toString()).isEqualTo("[\"Linear\"]");
    assertThat(config.at("/config_groups/group_1/targets/0").stringValue()).startsWith("re:");
  }

  /** Older engines look for nothing else in experts, and end with KeyError: 'Linear'. */
  @Test
  void oneSchemeForAllIsTargetedByTheClassName() {
    JsonNode config = olmoe(INT4, INT4);
    assertThat(config.get("config_groups")).hasSize(1);
    assertThat(config.at("/config_groups/group_0/targets").toString()).isEqualTo("[\"Linear\"]");
    assertThat(config.get("ignore").toString())
        .isEqualTo("[\"lm_head\",\"re:model\\\\.layers\\\\.\\\\d+\\\\.mlp\\\\.gate$\"]");
  }

  @Test
  void aHeadOfTheSameSchemeIsNoLinearOfAnEngine() {
    JsonNode config = CompressedTensorsConfig.of(Modules.olmoe(2, 4, name -> INT4), false);
    assertThat(config.at("/config_groups/group_0/targets").toString()).contains("re:lm_head$");
  }

  @Test
  void mixtralsExpertsAreTargetedByAnExpressionThatAlsoMatchesWhatVllmAsksFor() {
    JsonNode config =
        CompressedTensorsConfig.of(Modules.mixtral(32, 8, schemes(INT4, INT8_CHANNEL)), false);
    String target = config.at("/config_groups/group_0/targets/0").stringValue();
    assertThat("model.layers.7.block_sparse_moe.experts.0.gate_proj")
        .matches(target.substring("re:".length()));
    assertThat(config.get("ignore").toString())
        .isEqualTo(
            "[\"lm_head\",\"re:model\\\\.layers\\\\.\\\\d+\\\\.block_sparse_moe\\\\.gate$\"]");
  }

  @ParameterizedTest
  @CsvSource({
    "INT3, 64, true, BF16, pack-quantized, group, 64",
    "INT4, 128, false, BF16, pack-quantized, group, 128",
    "INT8, -1, true, BF16, pack-quantized, channel, -1",
    "INT8, -1, true, INT8, int-quantized, channel, null",
    "INT4, 32, true, INT8, int-quantized, group, 32",
    "INT4, 32, true, FP8_E4M3, pack-quantized, group, 32",
    "FP8_E4M3, -1, true, BF16, naive-quantized, channel, null",
    "FP8_E4M3, -1, true, FP8_E4M3, float-quantized, channel, null",
    "MXFP4, 32, true, MXFP4, mxfp4-pack-quantized, group, 32",
    "MXFP8, 32, true, BF16, mxfp8-quantized, group, 32",
    "NVFP4, 16, true, BF16, nvfp4-pack-quantized, tensor_group, 16",
  })
  void everySchemeGetsTheFormatThatTheLibraryInfers(
      NumberFormat number,
      int groupSize,
      boolean symmetric,
      NumberFormat activation,
      String format,
      String strategy,
      String writtenGroupSize) {
    TensorScheme scheme = new TensorScheme(number, groupSize, symmetric, activation);
    ObjectNode config = olmoe(scheme, scheme);
    assertThat(config.get("format").stringValue()).isEqualTo(format);
    JsonNode weights = config.at("/config_groups/group_0/weights");
    assertThat(weights.get("strategy").stringValue()).isEqualTo(strategy);
    assertThat(weights.get("group_size").toString()).isEqualTo(writtenGroupSize);
    assertThat(weights.get("zp_dtype").isNull()).isEqualTo(symmetric);
    assertThat(config.at("/config_groups/group_0/input_activations").isNull())
        .isEqualTo(!CompressionFormat.keepsActivation(scheme));
  }

  @Test
  void aSchemeWithoutAFormatIsRefused() {
    TensorScheme mxfp6 = TensorScheme.of(NumberFormat.MXFP6_E2M3, 32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> olmoe(mxfp6, mxfp6))
        .withMessage("compressed-tensors has no format for mxfp6 g32");
  }
}
