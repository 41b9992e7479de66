package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experts that are stacked and fp8: transformers 5's names, and those of FBGEMM. */
class StackedFp8SourceTest {

  private static final Path FAMILIES = Path.of("src/test/resources/families");

  private static Torch torch;

  @TempDir Path folder;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

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
      try (Checkpoint quantized = Checkpoint.open(scaled.write(folder.resolve("scaled")));
          Checkpoint expected = Checkpoint.open(plain.write(folder.resolve("plain")))) {
        assertThat(logits(quantized)).containsExactly(logits(expected));
        try (Checkpoint written = written(quantized);
            Checkpoint same = written(expected)) {
          assertThat(written.names()).containsExactlyInAnyOrderElementsOf(same.names());
          assertThat(Reference.distance(logits(expected), logits(written))).isLessThan(0.02);
        }
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
      scaled.put(scale(info.name() + suffix, factors, experts, down, across));
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

    private TensorSource scale(String name, float[] factors, long experts, long down, long across) {
      ByteBuffer bytes =
          ByteBuffer.allocate(factors.length * scales.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
      for (float factor : factors) {
        int bits = Float.floatToIntBits(factor);
        switch (scales) {
          case F32 -> bytes.putInt(bits);
          case BF16 -> bytes.putShort((short) (bits >>> 16));
          default -> bytes.put((byte) (bits >>> 23));
        }
      }
      List<Long> shape =
          strategy.equals("matrix") ? List.of(experts) : List.of(experts, down, across);
      return TensorSource.of(new TensorInfo(name, scales, shape), bytes.flip());
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
      assertRefused(edited, stack.name() + " is F8_E4M3 but neither");
      edited.put(stack.name() + "_scale_inv", new float[3], 3L, 1L, 1L);
      assertRefused(edited, stack.name() + "_scale_inv has shape [3, 1, 1] for a stack");
    }
  }

  private void assertRefused(EditedCheckpoint edited, String message) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(edited.write(folder))) {
      assertThatThrownBy(() -> ModelFamilies.describe(checkpoint, null))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(message);
    }
  }

  private Checkpoint written(Checkpoint checkpoint) throws IOException {
    Path target = Files.createTempDirectory(folder, "plain");
    SafetensorsWriter.write(
        target.resolve("model.safetensors"),
        ModelFamilies.recognise(checkpoint, null).plainTensors());
    Files.copy(checkpoint.folder().resolve("config.json"), target.resolve("config.json"));
    return Checkpoint.open(target);
  }

  private static float[] logits(Checkpoint checkpoint) {
    return StorageTest.logits(torch, checkpoint);
  }
}
