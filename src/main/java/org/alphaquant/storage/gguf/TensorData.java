package org.alphaquant.storage.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.alphaquant.checkpoint.TensorInfo;
import org.alphaquant.checkpoint.TensorSource;

/**
 * The source of a tensor's numbers.
 *
 * @param source of the bytes
 * @param type their type
 * @param row elements of a row; a vector is rows of one
 */
record TensorData(TensorSource source, GgufType type, long row) {

  /** A tensor in a plain type. */
  static TensorData plain(TensorSource source) {
    List<Long> shape = source.info().shape();
    long row = shape.size() > 1 ? shape.get(shape.size() - 1) : 1;
    return new TensorData(source, plainType(source.info()), row);
  }

  private static GgufType plainType(TensorInfo info) {
    return switch (info.dtype()) {
      case F32 -> GgufType.F32;
      case F16 -> GgufType.F16;
      case BF16 -> GgufType.BF16;
      default ->
          throw new IllegalArgumentException(
              info.name() + " is " + info.dtype() + ", which GGUF files do not hold plainly");
    };
  }

  long rowBytes() {
    return type.bytes(row, row);
  }

  /** All of it, in memory, for tensors whose rows are reordered. */
  ByteBuffer bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (WritableByteChannel channel = Channels.newChannel(bytes)) {
      source.writeTo(channel);
    }
    return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }
}
