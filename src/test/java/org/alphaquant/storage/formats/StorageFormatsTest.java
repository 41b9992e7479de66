package org.alphaquant.storage.formats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.alphaquant.scheme.ModuleScheme;
import org.alphaquant.storage.Modules;
import org.alphaquant.storage.StorageFormat;
import org.alphaquant.storage.serving.TargetRuntime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageFormatsTest {

  private static ModuleScheme module(TensorScheme scheme) {
    return Modules.module("m", 1024, 2048, true, scheme);
  }

  private static TensorScheme scheme(
      NumberFormat format, int groupSize, boolean symmetric, NumberFormat activation) {
    return new TensorScheme(format, groupSize, symmetric, activation);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "compressed-tensors | INT4 | 128 | true | BF16 | weight_packed I32 [1024, 256], weight_scale BF16 [1024, 16], weight_shape I64 [2]",
        "compressed-tensors | INT8 | -1 | true | BF16 | weight_packed I32 [1024, 512], weight_scale BF16 [1024, 1], weight_shape I64 [2]",
        "compressed-tensors | INT3 | 64 | true | BF16 | weight_packed I32 [1024, 192], weight_scale BF16 [1024, 32], weight_shape I64 [2]",
        "compressed-tensors | INT4 | 128 | false | BF16 | weight_packed I32 [1024, 256], weight_scale BF16 [1024, 16], weight_shape I64 [2], weight_zero_point I32 [128, 16]",
        "compressed-tensors | INT8 | -1 | false | INT8 | weight I8 [1024, 2048], weight_scale BF16 [1024, 1], weight_zero_point I8 [1024, 1]",
        "compressed-tensors | FP8_E4M3 | -1 | true | FP8_E4M3 | weight F8_E4M3 [1024, 2048], weight_scale BF16 [1024, 1]",
        "compressed-tensors | MXFP4 | 32 | true | BF16 | weight_packed U8 [1024, 1024], weight_scale U8 [1024, 64]",
        "compressed-tensors | MXFP8 | 32 | true | BF16 | weight F8_E4M3 [1024, 2048], weight_scale U8 [1024, 64]",
        "compressed-tensors | NVFP4 | 16 | true | BF16 | weight_packed U8 [1024, 1024], weight_scale F8_E4M3 [1024, 128], weight_global_scale F32 [1]",
        "compressed-tensors | NVFP4 | 16 | true | NVFP4 | weight_packed U8 [1024, 1024], weight_scale F8_E4M3 [1024, 128], weight_global_scale F32 [1], input_global_scale F32 [1]",
        "gptq | INT4 | 128 | true | BF16 | qweight I32 [256, 1024], qzeros I32 [16, 128], scales F16 [16, 1024], g_idx I32 [2048]",
        "gptq | INT3 | -1 | true | BF16 | qweight I32 [192, 1024], qzeros I32 [1, 96], scales F16 [1, 1024], g_idx I32 [2048]",
        "quark | MXFP6_E2M3 | 32 | true | BF16 | weight U8 [1024, 1536], weight_scale U8 [1024, 64]",
        "quark | MXFP4 | 32 | true | BF16 | weight U8 [1024, 1024], weight_scale U8 [1024, 64]",
        "dequantized | FP6_E2M3 | 128 | true | BF16 | weight BF16 [1024, 2048]",
      })
  void tensorsHaveTheShapesOfTheirFormat(
      String output,
      NumberFormat format,
      int groupSize,
      boolean symmetric,
      NumberFormat activation,
      String tensors) {
    ModuleScheme module = module(scheme(format, groupSize, symmetric, activation));
    assertThat(format(output).refuses(module)).isEmpty();
    String written =
        format(output).planes(module, Dtype.BF16).stream()
            .map(plane -> plane.of("m"))
            .map(info -> info.name().substring(2) + " " + info.dtype() + " " + info.shape())
            .collect(Collectors.joining(", "));
    assertThat(written).isEqualTo(tensors);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "compressed-tensors | MXFP6_E2M3 | 32 | true | compressed-tensors has no format for mxfp6 g32",
        "compressed-tensors | FP8_E5M2 | -1 | true | compressed-tensors has no format for fp8_e5m2 per channel",
        "compressed-tensors | FP4 | 32 | true | compressed-tensors has no format for fp4 g32",
        "gptq | INT6 | 128 | true | gptq holds int2, int3, int4 and int8, not int6",
        "gptq | INT4 | 128 | false | gptq version 1 is read unambiguously only where it is symmetric",
        "quark | INT4 | 128 | true | quark's layout is written for mxfp4 and mxfp6, not int4 g128",
      })
  void whatAFormatCannotHoldIsRefusedWithTheReason(
      String output, NumberFormat format, int groupSize, boolean symmetric, String reason) {
    ModuleScheme module = module(scheme(format, groupSize, symmetric, NumberFormat.BF16));
    assertThat(format(output).refuses(module)).contains(reason);
  }

  @Test
  void gptqRefusesShapesThatItsWordsDoNotFill() {
    ModuleScheme narrow =
        Modules.module("m", 48, 64, false, TensorScheme.of(NumberFormat.INT4, 32));
    assertThat(StorageFormats.GPTQ.refuses(narrow))
        .contains("gptq packs multiples of 32 rows and columns, and m is [48, 64]");
  }

  @Test
  void theChoiceIsTheMostReadableFormatThatHoldsEverything() {
    ModuleScheme int4 = module(TensorScheme.of(NumberFormat.INT4, 128));
    ModuleScheme mxfp4 = module(TensorScheme.of(NumberFormat.MXFP4, 32));
    ModuleScheme mxfp6 = module(TensorScheme.of(NumberFormat.MXFP6_E2M3, 32));
    assertThat(StorageFormats.choose(List.of(int4, mxfp4), TargetRuntime.NONE))
        .isEqualTo(StorageFormats.COMPRESSED_TENSORS);
    assertThat(StorageFormats.choose(List.of(mxfp6, mxfp4), TargetRuntime.NONE))
        .isEqualTo(StorageFormats.QUARK);
    assertThat(StorageFormats.choose(List.of(int4, mxfp6), TargetRuntime.NONE))
        .isEqualTo(StorageFormats.PLAIN);
  }

  @Test
  void aPlainResultHasNoConfig() {
    ModuleScheme int4 = module(TensorScheme.of(NumberFormat.INT4, 128));
    assertThat(StorageFormats.PLAIN.config(List.of(int4), false)).isEmpty();
  }

  @Test
  void aPlainResultRefusesKQuantsOfRowsThatTheirBlocksDoNotDivide() {
    TensorScheme scheme = TensorScheme.of(NumberFormat.Q4_K, NumberFormat.Q4_K.defaultGroupSize());
    assertThat(StorageFormats.PLAIN.refuses(Modules.module("m", 64, 512, false, scheme))).isEmpty();
    assertThat(StorageFormats.PLAIN.refuses(Modules.module("m", 512, 64, false, scheme)))
        .hasValueSatisfying(
            reason -> assertThat(reason).contains("q4_k", "256", "64 input features of m"));
  }

  private static StorageFormat format(String name) {
    return StorageFormats.named(name).orElseThrow();
  }
}
