package org.alphaquant.storage.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.llamacpp.Engine;
import org.alphaquant.model.ModelFamilies;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where llama.cpp multiplies by a scale beside each matrix of a layer. Every such matrix is divided
 * by a power of two that stands beside it: where all are applied the logits stay, and where one is
 * not they do not.
 */
class OuterScalesTest {

  private static final Optional<Engine> ENGINE = Engine.start();
  private static final Path MODELS = Path.of("src/test/resources");

  @TempDir Path folder;

  @AfterAll
  static void end() {
    ENGINE.ifPresent(Engine::close);
  }

  @ParameterizedTest
  @CsvSource({
    "micro/llama, true",
    "micro/mixtral, true",
    "micro/qwen3, true",
    "families/qwen3_5_moe, true",
    "micro/olmoe, false",
    "micro/qwen2_moe, false",
    "micro/deepseek_v3, false"
  })
  void familiesAreKnownToApplyThemAllOrNotTo(String model, boolean applied) throws IOException {
    Assumptions.assumeTrue(ENGINE.isPresent());
    assertThat(new GgufStorage(null).of(family(MODELS.resolve(model))))
        .isEqualTo(new GgufStorage(null, applied));
    assertThat(ExportedModel.write(MODELS.resolve(model), folder, GgufType.F32, Long.MAX_VALUE))
        .isEmpty();
    assertThat(ENGINE.get().load(folder.resolve("model.gguf"))).isEmpty();
    int[] ids = IntStream.range(0, 24).map(i -> 5 + i * 7 % 200).toArray();
    float[] expected = ENGINE.get().logits(ids);
    // What has no place for a scale may refuse the file, too.
    boolean loaded = ENGINE.get().load(scaled(folder.resolve("model.gguf"))).isEmpty();
    assertThat(loaded && same(ENGINE.get().logits(ids), expected)).isEqualTo(applied);
  }

  private static boolean same(float[] own, float[] expected) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(own[i] - expected[i]));
    }
    return difference < 1e-5 * largest;
  }

  private static String family(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return ModelFamilies.describe(checkpoint, null).family();
    }
  }

  private Path scaled(Path plain) throws IOException {
    Path target = Files.createDirectories(folder.resolve("scaled"));
    try (GgufFile file = GgufFile.open(plain)) {
      List<GgufTensor> tensors = new ArrayList<>();
      for (GgufFile.Stored stored : file.tensors().values()) {
        ByteBuffer bytes = file.bytes(stored, 0, (int) stored.bytes());
        boolean scales =
            stored.name().matches("blk\\.\\d+\\.(attn_|ffn_|ssm_)\\w+\\.weight")
                && stored.shape().size() > 1
                && !stored.name().matches(".*(norm|conv1d|gate_inp).*");
        if (scales) {
          divide(stored, bytes, tensors);
        } else {
          tensors.add(
              new GgufTensor(stored.name(), stored.type(), stored.shape(), to -> put(bytes, to)));
        }
      }
      GgufWriter.write(target, "model", file.metadata(), tensors, Long.MAX_VALUE);
    }
    return target.resolve("model.gguf");
  }

  private static void divide(GgufFile.Stored stored, ByteBuffer bytes, List<GgufTensor> tensors) {
    int matrices = stored.shape().size() == 3 ? stored.shape().get(0).intValue() : 1;
    ByteBuffer weights = buffer(bytes.remaining());
    ByteBuffer scales = buffer(matrices * Float.BYTES);
    ByteBuffer from = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int each = bytes.remaining() / Float.BYTES / matrices;
    for (int m = 0; m < matrices; m++) {
      float scale = 2 << m % 3;
      scales.putFloat(scale);
      for (int i = 0; i < each; i++) {
        weights.putFloat(from.getFloat() / scale);
      }
    }
    weights.flip();
    scales.flip();
    tensors.add(
        new GgufTensor(stored.name(), GgufType.F32, stored.shape(), to -> put(weights, to)));
    tensors.add(
        new GgufTensor(
            EngineAssembly.scale(stored.name()),
            GgufType.F32,
            List.of((long) matrices),
            to -> put(scales, to)));
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void put(ByteBuffer bytes, WritableByteChannel to) throws IOException {
    to.write(bytes.duplicate());
  }
}
