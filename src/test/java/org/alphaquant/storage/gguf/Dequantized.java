package org.alphaquant.storage.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alphaquant.llamacpp.Engine;

/**
 * A GGUF file whose blocks are written out as the float32 weights that llama.cpp reads in them: run
 * in place of the quantized file nothing rounds activations any more, so that what it gives is what
 * the stored weights give.
 */
public final class Dequantized {

  private Dequantized() {}

  /** Writes {@code dequantized.gguf} into a folder. */
  public static Path write(Path quantized, Path folder, Engine engine) {
    try (GgufFile file = GgufFile.open(quantized)) {
      List<GgufTensor> tensors = new ArrayList<>();
      for (GgufFile.Stored stored : file.tensors().values()) {
        boolean blocks = stored.type().isQuantized();
        tensors.add(
            new GgufTensor(
                stored.name(),
                blocks ? GgufType.F32 : stored.type(),
                stored.shape(),
                channel ->
                    channel.write(
                        blocks
                            ? weights(file, stored, engine)
                            : file.bytes(stored, 0, (int) stored.bytes()))));
      }
      GgufWriter.write(folder, "dequantized", file.metadata(), tensors, Long.MAX_VALUE);
      return folder.resolve("dequantized.gguf");
    }
  }

  private static ByteBuffer weights(GgufFile file, GgufFile.Stored stored, Engine engine) {
    int count =
        (int) stored.shape().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    ByteBuffer blocks = file.bytes(stored, 0, (int) stored.bytes());
    float[] weights = engine.dequantize(functionOf(stored.type()), blocks, count);
    ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(weights);
    return bytes;
  }

  /** What follows {@code dequantize_row_} for a type. */
  static String functionOf(GgufType type) {
    return type.name().endsWith("_K")
        ? "q" + type.name().substring(1)
        : type.name().toLowerCase(Locale.ROOT);
  }
}
