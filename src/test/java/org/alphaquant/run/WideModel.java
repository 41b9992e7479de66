package org.alphaquant.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.alphaquant.checkpoint.Dtype;
import org.alphaquant.checkpoint.SafetensorsFile;
import org.alphaquant.checkpoint.SafetensorsWriter;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/** A model of BF16 weights saved with more bits, as merging tools do. */
final class WideModel {

  private WideModel() {}

  /** Writes the model with those tensors wide that {@code which} names. */
  static void write(Path from, Path to, Dtype dtype, Predicate<String> which) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(it -> it.toString().endsWith(".json")).toList()) {
        String text = Files.readString(file);
        String name = dtype == Dtype.F64 ? "float64" : "float32";
        Files.writeString(
            to.resolve(file.getFileName()), text.replace("\"bfloat16\"", "\"" + name + "\""));
      }
    }
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve("model.safetensors"))) {
      List<TensorSource> tensors =
          file.names().stream()
              .map(file::source)
              .map(it -> which.test(it.info().name()) ? wide(it, dtype) : it)
              .toList();
      SafetensorsWriter.write(to.resolve("model.safetensors"), tensors);
    }
  }

  private static TensorSource wide(TensorSource source, Dtype dtype) {
    TensorInfo info = source.info();
    ByteBuffer narrow = ByteBuffer.wrap(bytes(source)).order(ByteOrder.LITTLE_ENDIAN);
    TensorInfo wide = new TensorInfo(info.name(), dtype, info.shape());
    ByteBuffer numbers = ByteBuffer.allocate((int) wide.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    while (narrow.hasRemaining()) {
      float value = Float.intBitsToFloat(narrow.getShort() << 16);
      if (dtype == Dtype.F64) {
        numbers.putDouble(value);
      } else {
        numbers.putFloat(value);
      }
    }
    return TensorSource.of(wide, numbers.flip());
  }

  private static byte[] bytes(TensorSource source) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      source.writeTo(Channels.newChannel(bytes));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }
}
