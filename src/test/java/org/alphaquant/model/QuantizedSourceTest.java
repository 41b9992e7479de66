package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sources that are quantized already: those that are read, and what is said of the others. */
class QuantizedSourceTest extends CodedSources {

  private static final String COMPRESSED =
      """
      {"quant_method": "compressed-tensors", "format": "%s", "config_groups": {"group_0":
        {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float", "strategy": "%s",
         "block_structure": %s}}}}
      """;

  private static String config(String method, String strategy) {
    return switch (method) {
      case "fp8" ->
          strategy.equals("block")
              ? "{\"quant_method\": \"fp8\", \"fmt\": \"float8_e4m3fn\", \"weight_block_size\": [24, 40]}"
              : "{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\","
                  + " \"weight_block_size\": null}";
      case "fbgemm_fp8" -> "{\"quant_method\": \"fbgemm_fp8\", \"activation_scale_ub\": 1200.0}";
      default ->
          COMPRESSED.formatted(
              method, strategy, strategy.startsWith("block") ? blocks(strategy) : "null");
    };
  }

  private static String blocks(String strategy) {
    return strategy.equals("block") ? "[24, 40]" : "\"24x40\"";
  }

  /** Names, shapes and types of scales as the tools write them. */
  @ParameterizedTest
  @CsvSource({
    "float-quantized, tensor, _scale, F32, F8_E4M3",
    "float-quantized, scalar, _scale, BF16, F8_E4M3",
    "float-quantized, channel, _scale, BF16, F8_E4M3",
    "float-quantized, block, _scale, F32, F8_E4M3",
    "float-quantized, block as text, _scale, F32, F8_E4M3",
    "float-quantized, group, _scale, F16, F8_E4M3",
    "naive-quantized, channel, _scale, F16, F8_E4M3",
    "int-quantized, channel, _scale, F32, I8",
    "int-quantized, group with zero points, _scale, F32, I8",
    "fp8, block, _scale_inv, F32, F8_E4M3",
    "fp8, scalar, _scale_inv, BF16, F8_E4M3",
    "fp8, tensor, _scale, F32, F8_E4M3",
    "fbgemm_fp8, channel, _scale, F32, F8_E4M3",
    "fbgemm_fp8, vector, _scale, F32, F8_E4M3"
  })
  void scaledMatricesAreReadAsTheirPlainValues(
      String method, String strategy, String suffix, Dtype scales, Dtype codes) throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("mixtral");
        TensorScope scope = torch.scope("scaled")) {
      EditedCheckpoint scaled = EditedCheckpoint.of(original);
      EditedCheckpoint plain = EditedCheckpoint.of(original);
      scaled.set("quantization_config", config(method, strategy));
      for (ModuleDescription linear : ModelFamilies.describe(original, null).linears()) {
        if (linear.kind() != ModuleKind.HEAD && linear.kind() != ModuleKind.ROUTER) {
          Made made = new Made(linear, strategy, codes, scales);
          made.write(scope, original, scaled, plain, suffix);
        }
      }
      cacheScales(scaled);
      assertSame(scaled, plain, original.names());
    }
  }

  // What calibrated checkpoints hold besides.
  private static void cacheScales(EditedCheckpoint scaled) {
    for (String name : List.of("k_scale", "v_scale", "k_proj.output_scale")) {
      scaled.put("model.layers.0.self_attn." + name, new float[] {0.5f}, 1L);
    }
  }

  /** One matrix as codes and scales, and as their products. */
  private record Made(ModuleDescription linear, String strategy, Dtype codes, Dtype scales) {

    void write(
        TensorScope scope,
        Checkpoint original,
        EditedCheckpoint scaled,
        EditedCheckpoint plain,
        String suffix) {
      String name = linear.name() + ".weight";
      long rows = linear.outFeatures();
      long columns = linear.inFeatures();
      boolean isFloat = codes == Dtype.F8_E4M3;
      NDArray stored =
          scope.tensor(TorchDtype.BFLOAT16, new long[] {rows, columns}, original.bytes(name));
      NDArray larger = isFloat ? stored : scope.run("linear.scale", stored, 300.0);
      TorchDtype type = isFloat ? TorchDtype.FLOAT8_E4M3 : TorchDtype.INT8;
      NDArray numbers = scope.run("tensor.to_dtype", larger, type.number());
      TensorInfo info = new TensorInfo(name, codes, List.of(rows, columns));
      scaled.put(TensorSource.of(info, copy(scope.toBytes(numbers))));
      long[] block = block();
      long across = (columns + block[1] - 1) / block[1];
      long down = (rows + block[0] - 1) / block[0];
      float[] factors = new float[(int) (down * across)];
      for (int i = 0; i < factors.length; i++) {
        factors[i] = (0.75f + 0.125f * (i * 7 % 5)) / (isFloat ? 1 : 256);
      }
      List<Long> shape =
          switch (strategy) {
            case "scalar" -> List.of();
            case "tensor" -> List.of(1L);
            case "vector" -> List.of(down);
            default -> List.of(down, across);
          };
      scaled.put(scale(name + suffix, scales, factors, shape));
      scaled.put(linear.name() + ".input_scale", new float[] {0.25f}, 1L);
      byte[] zeros = new byte[factors.length];
      if (strategy.endsWith("zero points")) {
        for (int i = 0; i < zeros.length; i++) {
          zeros[i] = (byte) (i % 9 - 4);
        }
        TensorInfo zero = new TensorInfo(name + "_zero_point", Dtype.I8, List.of(down, across));
        scaled.put(TensorSource.of(zero, ByteBuffer.wrap(zeros)));
      }
      float[] values = scope.toFloats(numbers);
      for (int i = 0; i < values.length; i++) {
        int at = (int) (i / columns / block[0] * across + i % columns / block[1]);
        values[i] = (values[i] - zeros[at]) * factors[at];
      }
      plain.put(name, values, rows, columns);
    }

    private long[] block() {
      return switch (strategy) {
        case "tensor", "scalar" -> new long[] {linear.outFeatures(), linear.inFeatures()};
        case "channel", "vector" -> new long[] {1, linear.inFeatures()};
        case "group", "group with zero points" -> new long[] {1, 16};
        default -> new long[] {24, 40};
      };
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
      return ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "qweight | {\"quant_method\": \"auto-round\", \"bits\": 4, \"group_size\": 128} | 'auto-round' (AutoRound, bits 4, group_size 128)",
        "qweight | {\"quant_method\": \"awq\", \"bits\": 4, \"version\": \"gemm\"} | 'awq' (AWQ, bits 4, version gemm)",
        "weight.absmax | {\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true, \"load_in_8bit\": false} | 'bitsandbytes' (bitsandbytes, load_in_4bit true",
        "weight_scale_2 | {\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"} | 'modelopt' (NVIDIA Model Optimizer, quant_algo NVFP4)",
        "codes | {\"quant_method\": \"aqlm\"} | 'aqlm' (AQLM)",
        "sparse | {\"quant_method\": \"compressed-tensors\", \"format\": \"marlin-24\"} | 'compressed-tensors' (compressed-tensors, format marlin-24)",
        "W_q | {\"quant_method\": \"newer\"} | 'newer' (another tool)",
        "B | {\"quant_method\": \"gptq\", \"bits\": 4, \"checkpoint_format\": \"marlin\"} | 'gptq' (GPTQ, bits 4, checkpoint_format marlin)",
        "biases | {\"group_size\": 64, \"bits\": 4} | by MLX",
        "biases | null | by MLX",
        "qweight | {\"w_bit\": 4, \"version\": \"GEMM\"} | by GPTQ or AWQ",
        "W_q | null | by HQQ",
        "qweight | null | by GPTQ or AWQ",
        "weight.absmax | null | by bitsandbytes"
      })
  void aSourceThatAnotherToolQuantizedIsNamed(String suffix, String config, String named)
      throws IOException {
    String module = "model.layers.0.self_attn.q_proj.";
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("quantization_config", config).drop(module + "weight");
      TensorInfo codes = new TensorInfo(module + suffix, Dtype.I32, List.of(8L, 64L));
      edited.put(TensorSource.of(codes, ByteBuffer.allocate(8 * 64 * 4)));
      assertRefused(edited.write(folder), named);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "quantize_config.json, GPTQ",
    "quant_config.json, AWQ",
    "hf_quant_config.json, NVIDIA"
  })
  void theFilesOfToolsTellTooWhatConfigDoesNot(String file, String tool) throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.drop("model.layers.0.self_attn.q_proj.weight").write(folder);
      Files.writeString(folder.resolve(file), "{}");
      assertRefused(folder, "by " + tool);
    }
  }

  @Test
  void plainWeightsAreReadWhateverConfigSaysOfThem() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 4}");
      try (Checkpoint stale = Checkpoint.open(edited.write(folder))) {
        assertThat(ModelFamilies.describe(stale, null).linears()).isNotEmpty();
      }
    }
  }

  @Test
  void rotationsOfActivationsAreRefusedAndEmptyOnesAreNot() throws IOException {
    String rotated = "{\"config_groups\": {\"R4\": {\"type\": \"hadamard\", \"apply\": []}}}";
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      String config = "{\"quant_method\": \"compressed-tensors\", \"transform_config\": %s}";
      edited.set("quantization_config", config.formatted(rotated));
      assertRefused(edited.write(folder), "transform_config rotates activations");
      edited.set("quantization_config", config.formatted("{}"));
      try (Checkpoint still = Checkpoint.open(edited.write(folder))) {
        assertThat(ModelFamilies.describe(still, null).linears()).isNotEmpty();
      }
    }
  }

  @Test
  void scalesThatDoNotFitAndZeroPointsAreRefusedByName() throws IOException {
    String name = "model.layers.0.self_attn.o_proj.weight";
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("quantization_config", config("int-quantized", "channel"));
      TensorInfo codes = new TensorInfo(name, Dtype.I8, List.of(64L, 64L));
      edited.put(TensorSource.of(codes, ByteBuffer.allocate(64 * 64)));
      edited.put(name + "_scale", new float[63], 63L, 1L);
      assertRefused(edited.write(folder), name + "_scale has shape [63, 1]");
      edited.put(name + "_scale", new float[64], 64L, 1L);
      edited.put(name + "_zero_point", new float[64], 64L, 1L);
      assertRefused(edited.write(folder), name + "_zero_point is F32 [64, 1] for I8 numbers");
      edited.drop(name + "_zero_point").put(name + "_g_idx", new float[64], 64L);
      assertRefused(edited.write(folder), name + "_g_idx is there");
    }
  }
}
