package org.alphaquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.alphaquant.architecture.ModelException;
import org.alphaquant.checkpoint.Checkpoint;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;
import org.alphaquant.torch.Torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Sources that hold codes and scales, beside the plain values that they stand for. */
abstract class CodedSources {

  static Torch torch;

  @TempDir Path folder;

  @BeforeAll
  static void openTorch() {
    torch = Torch.open("cpu");
  }

  @AfterAll
  static void closeTorch() {
    torch.close();
  }

  /**
   * Holds that both compute the same logits, and that the coded one is written as plain tensors of
   * the given names that hardly differ.
   */
  void assertSame(EditedCheckpoint coded, EditedCheckpoint plain, Collection<String> names)
      throws IOException {
    try (Checkpoint quantized = Checkpoint.open(coded.write(folder.resolve("coded")));
        Checkpoint expected = Checkpoint.open(plain.write(folder.resolve("plain")))) {
      assertThat(logits(quantized)).containsExactly(logits(expected));
      try (Checkpoint written = plain(quantized)) {
        assertThat(written.names()).containsExactlyInAnyOrderElementsOf(names);
        // BF16 keeps eight bits of each product.
        assertThat(Reference.distance(logits(expected), logits(written))).isLessThan(0.02);
      }
    }
  }

  void assertRefused(Path written, String message) {
    try (Checkpoint checkpoint = Checkpoint.open(written)) {
      assertThatThrownBy(() -> ModelFamilies.describe(checkpoint, null))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(message);
    }
  }

  /** The checkpoint as plain tensors, written and opened again. */
  Checkpoint plain(Checkpoint checkpoint) throws IOException {
    Path target = Files.createTempDirectory(folder, "as plain tensors");
    SafetensorsWriter.write(
        target.resolve("model.safetensors"),
        ModelFamilies.recognise(checkpoint, null).plainTensors());
    Files.copy(checkpoint.folder().resolve("config.json"), target.resolve("config.json"));
    return Checkpoint.open(target);
  }

  static float[] logits(Checkpoint checkpoint) {
    return StorageTest.logits(torch, checkpoint);
  }

  /** Powers of two, or numbers of few bits, as a type holds them exactly. */
  static TensorSource scale(String name, Dtype dtype, float[] factors, List<Long> shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(factors.length * dtype.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
    for (float factor : factors) {
      int bits = Float.floatToIntBits(factor);
      switch (dtype) {
        case F32 -> bytes.putInt(bits);
        case BF16 -> bytes.putShort((short) (bits >>> 16));
        case F16 -> bytes.putShort((short) ((bits >>> 23) - 112 << 10 | bits >>> 13 & 0x3ff));
        default -> bytes.put((byte) (bits >>> 23));
      }
    }
    return TensorSource.of(new TensorInfo(name, dtype, shape), bytes.flip());
  }
}
