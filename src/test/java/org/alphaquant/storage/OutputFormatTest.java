package org.alphaquant.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.format.NumberFormat;
import org.alphaquant.format.TensorScheme;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputFormatTest {

  private static ExportModule module(TensorScheme scheme) {
    return new ExportModule("m", 1024, 2048, true, scheme);
  }

  private static TensorScheme scheme(
      NumberFormat format, int groupSize, boolean symmetric, NumberFormat activation) {
    return new TensorScheme(format, groupSize, symmetric, activation);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COMPRESSED_TENSORS | INT4 | 128 | true | BF16 | weight_packed I32 [1024, 256], weight_scale BF16 [1024, 16], weight_shape I64 [2]",
        "COMPRESSED_TENSORS | INT8 | -1 | true | BF16 | weight_packed I32 [1024, 512], weight_scale BF16 [1024, 1], weight_shape I64 [2]",
        "COMPRESSED_TENSORS | INT3 | 64 | true | BF16 | weight_packed I32 [1024, 192], weight_scale BF16 [1024, 32], weight_shape I64 [2]",
        "COMPRESSED_TENSORS | INT4 | 128 | false | BF16 | weight_packed I32 [1024, 256], weight_scale BF16 [1024, 16], weight_shape I64 [2], weight_zero_point I32 [128, 16]",
        "COMPRESSED_TENSORS | INT8 | -1 | false | INT8 | weight I8 [1024, 2048], weight_scale BF16 [1024, 1], weight_zero_point I8 [1024, 1]",
        "COMPRESSED_TENSORS | FP8_E4M3 | -1 | true | FP8_E4M3 | weight F8_E4M3 [1024, 2048], weight_scale BF16 [1024, 1]",
        "COMPRESSED_TENSORS | MXFP4 | 32 | true | BF16 | weight_packed U8 [1024, 1024], weight_scale U8 [1024, 64]",
        "COMPRESSED_TENSORS | MXFP8 | 32 | true | BF16 | weight F8_E4M3 [1024, 2048], weight_scale U8 [1024, 64]",
        "COMPRESSED_TENSORS | NVFP4 | 16 | true | BF16 | weight_packed U8 [1024, 1024], weight_scale F8_E4M3 [1024, 128], weight_global_scale F32 [1]",
        "COMPRESSED_TENSORS | NVFP4 | 16 | true | NVFP4 | weight_packed U8 [1024, 1024], weight_scale F8_E4M3 [1024, 128], weight_global_scale F32 [1], input_global_scale F32 [1]",
        "GPTQ | INT4 | 128 | true | BF16 | qweight I32 [256, 1024], qzeros I32 [16, 128], scales F16 [16, 1024], g_idx I32 [2048]",
        "GPTQ | INT3 | -1 | true | BF16 | qweight I32 [192, 1024], qzeros I32 [1, 96], scales F16 [1, 1024], g_idx I32 [2048]",
        "QUARK | MXFP6_E2M3 | 32 | true | BF16 | weight U8 [1024, 1536], weight_scale U8 [1024, 64]",
        "QUARK | MXFP4 | 32 | true | BF16 | weight U8 [1024, 1024], weight_scale U8 [1024, 64]",
        "DEQUANTIZED | FP6_E2M3 | 128 | true | BF16 | weight BF16 [1024, 2048]",
        "GPTQ | BF16 | -1 | true | BF16 | weight BF16 [1024, 2048]",
      })
  void tensorsHaveTheShapesOfTheirFormat(
      OutputFormat output,
      NumberFormat format,
      int groupSize,
      boolean symmetric,
      NumberFormat activation,
      String tensors) {
    ExportModule module = module(scheme(format, groupSize, symmetric, activation));
    assertThat(output.refuses(module)).isEmpty();
    String written =
        output.tensors(module, Dtype.BF16).stream()
            .map(info -> info.name().substring(2) + " " + info.dtype() + " " + info.shape())
            .collect(Collectors.joining(", "));
    assertThat(written).isEqualTo(tensors);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COMPRESSED_TENSORS | MXFP6_E2M3 | 32 | true | compressed-tensors has no format for mxfp6 g32",
        "COMPRESSED_TENSORS | FP8_E5M2 | -1 | true | compressed-tensors has no format for fp8_e5m2 per channel",
        "COMPRESSED_TENSORS | FP4 | 32 | true | compressed-tensors has no format for fp4 g32",
        "GPTQ | INT6 | 128 | true | gptq holds int2, int3, int4 and int8, not int6",
        "GPTQ | INT4 | 128 | false | gptq version 1 is read unambiguously only where it is symmetric",
        "QUARK | INT4 | 128 | true | quark's layout is written for mxfp4 and mxfp6, not int4 g128",
      })
  void whatAFormatCannotHoldIsRefusedWithTheReason(
      OutputFormat output, NumberFormat format, int groupSize, boolean symmetric, String reason) {
    ExportModule module = module(scheme(format, groupSize, symmetric, NumberFormat.BF16));
    assertThat(output.refuses(module)).contains(reason);
  }

  @Test
  void gptqRefusesShapesThatItsWordsDoNotFill() {
    ExportModule narrow =
        new ExportModule("m", 48, 64, false, TensorScheme.of(NumberFormat.INT4, 32));
    assertThat(OutputFormat.GPTQ.refuses(narrow))
        .contains("gptq packs multiples of 32 rows and columns, and m is [48, 64]");
  }

  @Test
  void theChoiceIsTheMostReadableFormatThatHoldsEverything() {
    ExportModule int4 = module(TensorScheme.of(NumberFormat.INT4, 128));
    ExportModule mxfp4 = module(TensorScheme.of(NumberFormat.MXFP4, 32));
    ExportModule mxfp6 = module(TensorScheme.of(NumberFormat.MXFP6_E2M3, 32));
    assertThat(OutputFormat.choose(List.of(int4, mxfp4)))
        .isEqualTo(OutputFormat.COMPRESSED_TENSORS);
    assertThat(OutputFormat.choose(List.of(mxfp6, mxfp4))).isEqualTo(OutputFormat.QUARK);
    assertThat(OutputFormat.choose(List.of(int4, mxfp6))).isEqualTo(OutputFormat.DEQUANTIZED);
  }

  @Test
  void aDequantizedCheckpointAndOneWithNothingQuantizedHaveNoConfig() {
    ExportModule int4 = module(TensorScheme.of(NumberFormat.INT4, 128));
    assertThat(OutputFormat.DEQUANTIZED.quantizationConfig(List.of(int4), false)).isEmpty();
    ExportModule plain = module(TensorScheme.UNQUANTIZED);
    assertThat(OutputFormat.COMPRESSED_TENSORS.quantizationConfig(List.of(plain), false)).isEmpty();
  }
}
