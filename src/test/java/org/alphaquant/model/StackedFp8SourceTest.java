package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experts that are stacked and fp8: transformers 5's names, and those of FBGEMM. */
class StackedFp8SourceTest extends CodedSources {

  private static final Path FAMILIES = Path.of("src/test/resources/families");

  /** Matrices [out, in], [in, out], and [in, out] with gate and up in turns. */
  @ParameterizedTest
  @CsvSource({
    "olmoe, block, _scale_inv, F32",
    "olmoe, row, _scale, BF16",
    "olmoe, matrix, _scale, F32",
    "qwen3_vl_moe, block, _scale_inv, F8_E8M0",
    "qwen3_vl_moe, column, _scale, F32",
    "gpt_oss, block, _scale_inv, F32"
  })
  void itsPlainValuesAreRead(String family, String strategy, String suffix, Dtype dtype)
      throws IOException {
    try (Checkpoint original = open(family)) {
      EditedCheckpoint scaled = EditedCheckpoint.of(original);
      EditedCheckpoint plain = EditedCheckpoint.of(original);
      String blocks = strategy.equals("block") ? "[24, 40]" : "null";
      String method = strategy.equals("column") ? "fbgemm_fp8" : "fp8";
      scaled.set(
          "quantization_config",
          "{\"quant_method\": \"%s\", \"weight_block_size\": %s}".formatted(method, blocks));
      Random random = new Random(3);
      for (TensorInfo stack : stacks(family, original)) {
        new Stack(stack, strategy, dtype).write(random, scaled, plain, suffix);
      }
      try (Checkpoint expected = Checkpoint.open(plain.write(folder.resolve("expected")));
          Checkpoint same = plain(expected)) {
        assertSame(scaled, plain, same.names());
      }
    }
  }

  private static Checkpoint open(String family) {
    Path variant = EditedCheckpoint.VARIANTS.resolve(family);
    Path micro = EditedCheckpoint.FIXTURES.resolve(family);
    return Checkpoint.open(
        Files.exists(micro) ? micro : Files.exists(variant) ? variant : FAMILIES.resolve(family));
  }

  /** The stacks of a checkpoint; OLMoE's, which has its experts one by one, as they would be. */
  private static List<TensorInfo> stacks(String family, Checkpoint original) {
    List<TensorInfo> stacks = new ArrayList<>();
    if (family.equals("olmoe")) {
      for (int layer = 0; layer < 3; layer++) {
        String experts = "model.layers." + layer + ".mlp.experts.";
        stacks.add(new TensorInfo(experts + "gate_up_proj", Dtype.F32, List.of(8L, 64L, 64L)));
        stacks.add(new TensorInfo(experts + "down_proj", Dtype.F32, List.of(8L, 64L, 32L)));
      }
    }
    original.names().stream()
        .map(original::info)
        .filter(info -> info.shape().size() == 3 && info.name().contains("experts"))
        .forEach(stacks::add);
    assertThat(stacks).isNotEmpty();
    return stacks;
  }

  /** Numbers of a stack as codes and scales, and as their products. */
  private record Stack(TensorInfo info, String strategy, Dtype scales) {

    void write(Random random, EditedCheckpoint scaled, EditedCheckpoint plain, String suffix) {
      int experts = size(0);
      int height = size(1);
      int width = size(2);
      int tall = strategy.equals("block") ? 24 : strategy.equals("row") ? 1 : height;
      int wide = strategy.equals("block") ? 40 : strategy.equals("column") ? 1 : width;
      int down = (height + tall - 1) / tall;
      int across = (width + wide - 1) / wide;
      byte[] codes = new byte[experts * height * width];
      float[] values = new float[codes.length];
      float[] factors = new float[experts * down * across];
      for (int i = 0; i < factors.length; i++) {
        factors[i] = Math.scalb(1.0f, -4 - i % 3);
      }
      for (int i = 0; i < codes.length; i++) {
        int sign = random.nextInt(2);
        int exponent = random.nextInt(10);
        int mantissa = random.nextInt(8);
        codes[i] = (byte) (sign << 7 | exponent << 3 | mantissa);
        double size =
            exponent == 0
                ? mantissa / 8.0 * Math.pow(2, -6)
                : (1 + mantissa / 8.0) * Math.pow(2, exponent - 7);
        int row = i / width % height;
        int block = (i / width / height * down + row / tall) * across + i % width / wide;
        values[i] = (float) (sign == 1 ? -size : size) * factors[block];
      }
      dropSingle(scaled);
      dropSingle(plain);
      scaled.put(
          TensorSource.of(
              new TensorInfo(info.name(), Dtype.F8_E4M3, info.shape()), ByteBuffer.wrap(codes)));
      List<Long> shape =
          strategy.equals("matrix")
              ? List.of((long) experts)
              : List.of((long) experts, (long) down, (long) across);
      scaled.put(scale(info.name() + suffix, scales, factors, shape));
      scaled.put(info.name() + "_activation_scale", new float[experts], (long) experts);
      plain.put(info.name(), values, info.shape().toArray(Long[]::new));
    }

    private void dropSingle(EditedCheckpoint edited) {
      String experts = info.name().substring(0, info.name().lastIndexOf('.') + 1);
      for (int e = 0; e < size(0) && edited.tensor(experts + e + ".up_proj.weight") != null; e++) {
        for (String role : List.of(".gate_proj.weight", ".up_proj.weight", ".down_proj.weight")) {
          edited.drop(experts + e + role);
        }
      }
    }

    private int size(int dimension) {
      return Math.toIntExact(info.shape().get(dimension));
    }
  }

  @Test
  void aStackWithoutItsScalesIsRefused() throws IOException {
    try (Checkpoint original = open("gpt_oss")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.set("quantization_config", "{\"quant_method\": \"fp8\"}");
      TensorInfo stack = stacks("gpt_oss", original).get(0);
      int size = Math.toIntExact(stack.elements());
      edited.put(
          TensorSource.of(
              new TensorInfo(stack.name(), Dtype.F8_E4M3, stack.shape()),
              ByteBuffer.allocate(size)));
      assertRefused(edited.write(folder), stack.name() + " is F8_E4M3 but neither");
      edited.put(stack.name() + "_scale_inv", new float[3], 3L, 1L, 1L);
      assertRefused(
          edited.write(folder), stack.name() + "_scale_inv has shape [3, 1, 1] for a stack");
    }
  }
}
