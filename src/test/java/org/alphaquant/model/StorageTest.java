package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alphaquant.architecture.ModelDescription;
import org.alphaquant.architecture.ModuleDescription;
import org.alphaquant.architecture.ModuleKind;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.TensorScope;
import org.alphaquant.torch.Torch;
import org.alphaquant.torch.TorchDtype;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same weights in other storage formats give the same logits. */
class StorageTest {

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

  @Test
  void expertsFusedIntoOneTensorAreReadOneByOne() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("qwen3_moe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      for (int layer : new int[] {0, 2}) {
        fuse(edited, "model.layers." + layer + ".mlp.experts", 8);
      }
      try (Checkpoint fused = Checkpoint.open(edited.write(folder))) {
        assertThat(fused.has("model.layers.0.mlp.experts.0.up_proj.weight")).isFalse();
        assertThat(logits(fused)).containsExactly(logits(original));
        assertThat(ModelFamilies.describe(fused, null).linears())
            .isEqualTo(ModelFamilies.describe(original, null).linears());
        try (Checkpoint plain = plain(fused)) {
          assertThat(plain.names()).containsExactlyInAnyOrderElementsOf(original.names());
          assertThat(logits(plain)).containsExactly(logits(original));
        }
      }
    }
  }

  @Test
  void fp8BlocksAreMultipliedWithTheirScales() throws IOException {
    try (Checkpoint original = EditedCheckpoint.fixture("deepseek_v3");
        TensorScope scope = torch.scope("fp8")) {
      EditedCheckpoint fp8 = EditedCheckpoint.of(original);
      EditedCheckpoint plain = EditedCheckpoint.of(original);
      fp8.set(
          "quantization_config",
          "{\"quant_method\":\"fp8\",\"fmt\":\"e4m3\",\"weight_block_size\":[24,40]}");
      for (ModuleDescription linear : ModelFamilies.describe(original, null).linears()) {
        if (linear.kind() != ModuleKind.HEAD && linear.kind() != ModuleKind.ROUTER) {
          quantize(scope, original, linear, fp8, plain);
        }
      }
      try (Checkpoint quantized = Checkpoint.open(fp8.write(folder.resolve("fp8")));
          Checkpoint expected = Checkpoint.open(plain.write(folder.resolve("plain")))) {
        assertThat(logits(quantized)).containsExactly(logits(expected));
        assertThat(ModelFamilies.describe(quantized, null).unread()).isEmpty();
        try (Checkpoint written = plain(quantized)) {
          assertThat(written.names()).containsExactlyInAnyOrderElementsOf(original.names());
          // BF16 keeps eight bits of each product.
          assertThat(Reference.distance(logits(expected), logits(written))).isLessThan(0.02);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt_oss", "gpt_oss_mxfp4"})
  void interleavedExpertsAreWrittenOneByOneAndReadBackTheSame(String variant) throws IOException {
    try (Checkpoint fused = Checkpoint.open(EditedCheckpoint.VARIANTS.resolve(variant));
        Checkpoint plain = plain(fused)) {
      assertThat(plain.info("model.layers.1.mlp.experts.5.up_proj.weight").shape())
          .containsExactly(32L, 64L);
      assertThat(plain.info("model.layers.1.mlp.experts.5.down_proj.bias").shape())
          .containsExactly(64L);
      assertThat(plain.names()).noneMatch(name -> name.matches(".*experts\\.[a-z_]+"));
      assertThat(logits(plain)).containsExactly(logits(fused));
      assertThat(ModelFamilies.describe(plain, null).linears())
          .isEqualTo(ModelFamilies.describe(fused, null).linears());
      assertThat(ModelFamilies.describe(plain, null).parameters())
          .isEqualTo(ModelFamilies.describe(fused, null).parameters());
    }
  }

  @Test
  void mxfp4ThatIsIncompleteOrNotSaidToBeItIsRefused() throws IOException {
    String name = "model.layers.1.mlp.experts.down_proj_scales";
    Path variant = EditedCheckpoint.VARIANTS.resolve("gpt_oss_mxfp4");
    try (Checkpoint original = Checkpoint.open(variant)) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      TensorInfo wrong = new TensorInfo(name, Dtype.U8, List.of(6L, 64L, 2L));
      edited.put(TensorSource.of(wrong, ByteBuffer.allocate(6 * 64 * 2)));
      assertRefused(edited, "is U8 [6, 64, 2] but must be U8 [6, 64, 1]");
      edited.drop(name);
      assertRefused(edited, "down_proj_scales is missing");
      edited.set("quantization_config", "{\"quant_method\":\"fp8\"}");
      assertRefused(edited, "quantization_config.quant_method is 'fp8'; supported: mxfp4");
      edited.unset("quantization_config");
      assertRefused(edited, "quantization_config is missing");
    }
  }

  @Test
  void fp8WithoutScalesOrOfAnUnknownKindIsRefused() throws IOException {
    String name = "model.layers.0.self_attn.o_proj.weight";
    try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
      EditedCheckpoint edited = EditedCheckpoint.of(original);
      edited.put(fp8(name, new byte[64 * 64], 64L, 64L));
      assertRefused(edited, "neither " + name + "_scale_inv nor " + name + "_scale is there");
      edited.put(name + "_scale_inv", new float[4], 2L, 2L);
      assertRefused(edited, "quantization_config is missing");
      edited.set("quantization_config", "{\"quant_method\":\"awq\"}");
      assertRefused(edited, "quant_method 'awq' (AWQ), which is not read");
      edited.set(
          "quantization_config", "{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}");
      assertRefused(edited, "has shape [2, 2] but blocks of 128x128 make [1, 1]");
    }
  }

  /** One scale for the whole matrix, however large the block is said to be. */
  @Test
  void fp8BlocksMayBeLargerThanTheMatrix() throws IOException {
    String name = "model.layers.0.self_attn.o_proj.weight";
    byte[] codes = new byte[64 * 64];
    Arrays.fill(codes, (byte) 0x31);
    List<float[]> both = new ArrayList<>();
    for (String size : List.of("128", "1000000000000")) {
      try (Checkpoint original = EditedCheckpoint.fixture("olmoe")) {
        EditedCheckpoint edited = EditedCheckpoint.of(original);
        edited.put(fp8(name, codes, 64L, 64L));
        edited.put(name + "_scale_inv", new float[] {0.01f}, 1L, 1L);
        edited.set(
            "quantization_config",
            "{\"quant_method\":\"fp8\",\"weight_block_size\":[%1$s,%1$s]}".formatted(size));
        try (Checkpoint quantized = Checkpoint.open(edited.write(folder.resolve(size)))) {
          both.add(logits(quantized));
        }
      }
    }
    assertThat(both.get(1)).containsExactly(both.get(0));
  }

  private Checkpoint plain(Checkpoint checkpoint) throws IOException {
    Path target = Files.createDirectories(folder.resolve("as plain tensors"));
    ModelDescription description = ModelFamilies.describe(checkpoint, null);
    SafetensorsWriter.write(
        target.resolve("model.safetensors"),
        ModelFamilies.recognise(checkpoint, null).plainTensors());
    Files.copy(
        checkpoint.folder().resolve("config.json"),
        target.resolve("config.json"),
        StandardCopyOption.REPLACE_EXISTING);
    return Checkpoint.open(target);
  }

  private void assertRefused(EditedCheckpoint edited, String message) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(edited.write(folder))) {
      assertThatThrownBy(() -> ModelFamilies.describe(checkpoint, null))
          .hasMessageContaining(message);
    }
  }

  // q = fp8(w), one random-looking scale per block; the plain checkpoint holds q * scale.
  private static void quantize(
      TensorScope scope,
      Checkpoint original,
      ModuleDescription linear,
      EditedCheckpoint fp8,
      EditedCheckpoint plain) {
    String name = linear.name() + ".weight";
    long[] shape = {linear.outFeatures(), linear.inFeatures()};
    NDArray stored = scope.tensor(TorchDtype.BFLOAT16, shape, original.bytes(name));
    NDArray codes = scope.run("tensor.to_dtype", stored, TorchDtype.FLOAT8_E4M3.number());
    ByteBuffer bytes = scope.toBytes(codes);
    byte[] copied = new byte[bytes.remaining()];
    bytes.get(copied);
    fp8.put(fp8(name, copied, linear.outFeatures(), linear.inFeatures()));
    long blockRows = (linear.outFeatures() + 23) / 24;
    long blockColumns = (linear.inFeatures() + 39) / 40;
    float[] scales = new float[(int) (blockRows * blockColumns)];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.75f + 0.125f * ((i * 7) % 5);
    }
    fp8.put(name + "_scale_inv", scales, blockRows, blockColumns);
    float[] values = scope.toFloats(codes);
    for (int i = 0; i < values.length; i++) {
      long row = i / linear.inFeatures() / 24;
      long column = i % linear.inFeatures() / 40;
      values[i] *= scales[(int) (row * blockColumns + column)];
    }
    plain.put(name, values, linear.outFeatures(), linear.inFeatures());
  }

  private static TensorSource fp8(String name, byte[] codes, Long... shape) {
    TensorInfo info = new TensorInfo(name, Dtype.F8_E4M3, List.of(shape));
    return TensorSource.of(info, ByteBuffer.wrap(codes));
  }

  private static void fuse(EditedCheckpoint edited, String module, int experts) throws IOException {
    List<byte[]> gateUp = new ArrayList<>();
    List<byte[]> down = new ArrayList<>();
    TensorInfo gate = edited.tensor(module + ".0.gate_proj.weight").info();
    long width = gate.shape().get(0);
    long hidden = gate.shape().get(1);
    for (int e = 0; e < experts; e++) {
      gateUp.add(take(edited, module + "." + e + ".gate_proj.weight"));
      gateUp.add(take(edited, module + "." + e + ".up_proj.weight"));
      down.add(take(edited, module + "." + e + ".down_proj.weight"));
    }
    edited.put(joined(module + ".gate_up_proj", gateUp, (long) experts, 2 * width, hidden));
    edited.put(joined(module + ".down_proj", down, (long) experts, hidden, width));
  }

  private static byte[] take(EditedCheckpoint edited, String name) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    edited.tensor(name).writeTo(Channels.newChannel(bytes));
    edited.drop(name);
    return bytes.toByteArray();
  }

  private static TensorSource joined(String name, List<byte[]> parts, Long... shape) {
    ByteBuffer all =
        ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum())
            .order(ByteOrder.LITTLE_ENDIAN);
    parts.forEach(all::put);
    return TensorSource.of(new TensorInfo(name, Dtype.BF16, List.of(shape)), all.flip());
  }

  private static float[] logits(Checkpoint checkpoint) {
    return logits(torch, checkpoint);
  }

  static float[] logits(Torch torch, Checkpoint checkpoint) {
    try (TensorScope scope = torch.scope("logits")) {
      ModelDescription description = ModelFamilies.describe(checkpoint, null);
      Model model = ModelFamilies.open(checkpoint, description, scope);
      NDArray x = model.embed(scope, scope.longs(new long[] {5, 51, 17, 3, 44, 2}, 1, 6));
      for (int index = 0; index < description.layers(); index++) {
        x = model.layer(scope, index).forward(scope, x);
      }
      return scope.toFloats(model.logits(scope, x));
    }
  }
}
