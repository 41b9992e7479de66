package org.alphaquant.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.alphaquant.checkpoint.WeightScheme.Layout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressedTensorsTest {

  private static final String EXPERT = "model.layers.0.mlp.experts.0.up_proj";
  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String INT4 =
      "\"num_bits\":4,\"type\":\"int\",\"symmetric\":true,\"strategy\":\"group\",\"group_size\":32";
  private static final String INT3_ASYMMETRIC =
      "\"num_bits\":3,\"type\":\"int\",\"symmetric\":false,\"strategy\":\"channel\",\"group_size\":-1";

  @TempDir Path folder;
  private final List<TensorSource> tensors = new ArrayList<>();

  @BeforeEach
  void anUnquantizedRouter() {
    add("model.layers.0.mlp.gate.weight", Dtype.BF16, 4, 64);
  }

  @Test
  void everyModuleIsFoundWithItsSchemeAndTensors() throws IOException {
    addInt4(EXPERT);
    add(QUERY + ".weight_packed", Dtype.I32, 40, 6);
    add(QUERY + ".weight_scale", Dtype.BF16, 40, 1);
    add(QUERY + ".weight_zero_point", Dtype.I32, 4, 1);
    addShape(QUERY, 40, 64);

    try (Checkpoint checkpoint =
        open("", group("Linear", INT4), group("re:.*self_attn\\\\.q", INT3_ASYMMETRIC))) {
      CompressedTensors quantized = CompressedTensors.of(checkpoint);

      assertThat(CompressedTensors.isQuantized(checkpoint)).isTrue();
      assertThat(quantized.modules()).containsOnlyKeys(EXPERT, QUERY);
      assertThat(quantized.module("model.layers.0.mlp.gate")).isEmpty();
      assertThat(quantized.module(EXPERT))
          .contains(
              new QuantizedModule(
                  EXPERT,
                  new WeightScheme(Layout.PACK_QUANTIZED, 4, true, 32, false),
                  8,
                  64,
                  EXPERT + ".weight_packed",
                  EXPERT + ".weight_scale",
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty()));
      QuantizedModule query = quantized.modules().get(QUERY);
      assertThat(query.scheme().groupSize()).isEqualTo(WeightScheme.PER_CHANNEL);
      assertThat(query.scheme().bits()).isEqualTo(3);
      assertThat(query.zeroPoint()).contains(QUERY + ".weight_zero_point");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FLOAT_QUANTIZED      | 8 | channel      | -1 | weight        | F8_E4M3 | 64 | F32     | 1",
        "NAIVE_QUANTIZED      | 8 | group        | 32 | weight        | F8_E4M3 | 64 | BF16    | 2",
        "INT_QUANTIZED        | 8 | channel      | -1 | weight        | I8      | 64 | BF16    | 1",
        "MXFP4_PACK_QUANTIZED | 4 | group        | 32 | weight_packed | U8      | 32 | U8      | 2",
        "MXFP8_QUANTIZED      | 8 | group        | 32 | weight        | F8_E4M3 | 64 | U8      | 2",
        "NVFP4_PACK_QUANTIZED | 4 | tensor_group | 16 | weight_packed | U8      | 32 | F8_E4M3 | 4"
      })
  void everyLayoutIsRead(
      Layout layout,
      int bits,
      String strategy,
      int groupSize,
      String codes,
      Dtype codeType,
      int columns,
      Dtype scaleType,
      int scales)
      throws IOException {
    add(EXPERT + "." + codes, codeType, 8, columns);
    add(EXPERT + ".weight_scale", scaleType, 8, scales);
    if (layout == Layout.NVFP4_PACK_QUANTIZED) {
      add(EXPERT + ".weight_global_scale", Dtype.F32, 1);
    }
    String weights =
        "\"num_bits\":%d,\"type\":\"%s\",\"symmetric\":true,\"strategy\":\"%s\",\"group_size\":%d"
            .formatted(bits, layout.type(), strategy, groupSize);

    try (Checkpoint checkpoint =
        open(
            "",
            "{\"targets\":[\"%s\"],\"format\":\"%s\",\"weights\":{%s}}"
                .formatted(EXPERT, layout.jsonName(), weights))) {
      QuantizedModule module = CompressedTensors.of(checkpoint).modules().get(EXPERT);

      assertThat(module.scheme().layout()).isEqualTo(layout);
      assertThat(module.outFeatures()).isEqualTo(8);
      assertThat(module.inFeatures()).isEqualTo(64);
      assertThat(module.codes()).isEqualTo(EXPERT + "." + codes);
      assertThat(module.globalScale().isPresent()).isEqualTo(layout == Layout.NVFP4_PACK_QUANTIZED);
    }
  }

  @Test
  void anExactNameWinsOverAPatternAndAPatternOverTheClass() throws IOException {
    addInt4(EXPERT);
    String wrong = INT4.replace("32", "16");
    try (Checkpoint checkpoint =
        open("", group("Linear", wrong), group("re:model", wrong), group(EXPERT, INT4))) {
      assertThat(CompressedTensors.of(checkpoint).modules()).hasSize(1);
    }
  }

  @Test
  void aQuantizedModuleThatIsIgnoredOrUncoveredIsAnError() throws IOException {
    addInt4(EXPERT);
    CheckpointException ignored = failure("\"re:.*experts\"", group("Linear", INT4));
    assertThat(ignored.kind()).isEqualTo(Kind.QUANTIZED_TENSOR);
    assertThat(ignored).hasMessageContaining("is ignored or covered by no target");
    assertThat(failure("", group("re:experts", INT4)).kind())
        .as("patterns are anchored at their start")
        .isEqualTo(Kind.QUANTIZED_TENSOR);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "weight_packed | I32  | 8 | 7 | [8, 7]; its scheme demands [8, 8]",
        "weight_packed | U8   | 8 | 8 | is U8; its scheme demands [I32]",
        "weight_scale  | BF16 | 8 | 1 | [8, 1]; its scheme demands [8, 2]",
        "weight_scale  | U8   | 8 | 2 | is U8; its scheme demands [BF16, F16, F32]",
        "weight_shape  | I64  | 1 | 2 | [1, 2]; its scheme demands [2]"
      })
  void aTensorThatContradictsItsSchemeIsNamed(
      String suffix, Dtype dtype, long rows, long columns, String told) throws IOException {
    addInt4(EXPERT);
    tensors.removeIf(tensor -> tensor.info().name().endsWith(suffix));
    add(EXPERT + "." + suffix, dtype, rows, columns);

    CheckpointException problem = failure("", group("Linear", INT4));

    assertThat(problem.kind()).isEqualTo(Kind.QUANTIZED_TENSOR);
    assertThat(problem.tensor()).contains(EXPERT + "." + suffix);
    assertThat(problem).hasMessageContaining(told);
  }

  @ParameterizedTest
  @CsvSource({"weight_packed", "weight_scale", "weight_shape"})
  void aMissingTensorIsNamed(String suffix) throws IOException {
    addInt4(EXPERT);
    tensors.removeIf(tensor -> tensor.info().name().endsWith(suffix));

    assertThat(failure("", group("Linear", INT4)))
        .hasMessageContaining("tensor '%s.%s': is missing".formatted(EXPERT, suffix));
  }

  @Test
  void zeroPointsAndGroupIndexesFollowTheScheme() throws IOException {
    addInt4(EXPERT);
    assertThat(failure("", group("Linear", INT4.replace("true", "false"))))
        .hasMessageContaining("weight_zero_point': is missing");
    assertThat(failure("", group("Linear", INT4 + ",\"actorder\":\"group\"")))
        .hasMessageContaining("weight_g_idx': is missing");
    add(EXPERT + ".weight_zero_point", Dtype.I32, 1, 2);
    assertThat(failure("", group("Linear", INT4)))
        .hasMessageContaining("is present, but its scheme is symmetric");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"num_bits\":4       | \"num_bits\":9        | num_bits 9, which pack-quantized cannot hold",
        "\"type\":\"int\"     | \"type\":\"float\"    | is 'float'; it must be 'int'",
        "\"group\"            | \"block\"             | strategy 'block'; read are tensor, channel",
        "\"group_size\":32    | \"group_size\":0      | group_size 0; it must be positive"
      })
  void anIllegalGroupIsAnError(String good, String bad, String told) throws IOException {
    CheckpointException problem = failure("", group("Linear", INT4.replace(good, bad)));
    assertThat(problem.kind()).isEqualTo(Kind.QUANTIZATION_CONFIG);
    assertThat(problem).hasMessageContaining("config.json").hasMessageContaining(told);
  }

  @Test
  void anIllegalConfigurationIsAnError() throws IOException {
    assertThat(failure("", group("re:(", INT4))).hasMessageContaining("no regular expression");
    assertThat(failure("", "{\"targets\":[],\"weights\":{" + INT4 + "}}"))
        .hasMessageContaining("has no targets");
    assertThat(failure("", group("Linear", INT4).replace("}}", "},\"format\":\"marlin-24\"}")))
        .hasMessageContaining("unknown format 'marlin-24'");
    assertThat(failing("{\"quantization_config\":{\"quant_method\":\"gptq\"}}"))
        .hasMessageContaining("quant_method is 'gptq'; it must be 'compressed-tensors'");
    assertThat(failing("{\"quantization_config\":{\"quant_method\":\"compressed-tensors\"}}"))
        .hasMessageContaining("quantization_status is ''; it must be 'compressed'");
  }

  private void addInt4(String module) {
    add(module + ".weight_packed", Dtype.I32, 8, 8);
    add(module + ".weight_scale", Dtype.BF16, 8, 2);
    addShape(module, 8, 64);
  }

  private void addShape(String module, long out, long in) {
    ByteBuffer shape = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    shape.putLong(out).putLong(in).flip();
    tensors.add(
        TensorSource.of(new TensorInfo(module + ".weight_shape", Dtype.I64, List.of(2L)), shape));
  }

  private void add(String name, Dtype dtype, long... shape) {
    TensorInfo info = new TensorInfo(name, dtype, Arrays.stream(shape).boxed().toList());
    tensors.add(TensorSource.of(info, ByteBuffer.allocate((int) info.bytes())));
  }

  private static String group(String target, String weights) {
    return "{\"targets\":[\"%s\"],\"weights\":{%s}}".formatted(target, weights);
  }

  private Checkpoint open(String ignore, String... groups) throws IOException {
    StringBuilder named = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      named.append(i == 0 ? "" : ",").append("\"group_%d\":%s".formatted(i, groups[i]));
    }
    return open(
        """
        {"quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized",
          "quantization_status": "compressed", "ignore": [%s], "config_groups": {%s}}}
        """
            .formatted(ignore, named));
  }

  private Checkpoint open(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config);
    ShardedWriter.write(folder, tensors);
    return Checkpoint.open(folder);
  }

  private CheckpointException failure(String ignore, String... groups) throws IOException {
    try (Checkpoint checkpoint = open(ignore, groups)) {
      return failure(checkpoint);
    }
  }

  private CheckpointException failing(String config) throws IOException {
    try (Checkpoint checkpoint = open(config)) {
      return failure(checkpoint);
    }
  }

  private static CheckpointException failure(Checkpoint checkpoint) {
    return catchThrowableOfType(CheckpointException.class, () -> CompressedTensors.of(checkpoint));
  }
}
