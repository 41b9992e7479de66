package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.function.Function;
import org.alphaquant.storage.gguf.EngineTensor.Constants;
import org.alphaquant.storage.gguf.EngineTensor.Part;
import org.alphaquant.storage.gguf.EngineTensor.Rows;

/**
 * Writes an engine's tensor from the model's. Rows move whole, in whatever type they are stored;
 * only transposing needs numbers.
 *
 * @param type the stored type
 * @param data of the model's tensors by name
 */
record AssembledTensor(EngineTensor tensor, GgufType type, Function<String, TensorData> data)
    implements GgufTensor.Content {

  GgufTensor written() {
    return new GgufTensor(tensor.name(), type, tensor.shape(), this);
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    for (Part part : tensor.parts()) {
      if (part instanceof Rows rows) {
        write(rows, channel);
      } else if (part instanceof Constants constants) {
        write(constants, channel);
      }
    }
  }

  private void write(Rows rows, WritableByteChannel channel) throws IOException {
    TensorData source = data.apply(rows.tensor());
    if (rows.isWhole() && source.type() == type) {
      source.source().writeTo(channel);
      return;
    }
    if (rows.change() != Change.NONE) {
      channel.write(changed(source, rows));
      return;
    }
    if (source.type() != type && (source.type().isQuantized() || type.isQuantized())) {
      throw new IllegalStateException(
          "%s is %s and cannot be stored as %s".formatted(rows.tensor(), source.type(), type));
    }
    try (ConvertedFloats converted =
        new ConvertedFloats(channel, rows.tensor(), source.type(), type)) {
      WritableByteChannel target = source.type() == type ? channel : converted;
      if (rows.isWhole()) {
        source.source().writeTo(target);
      } else if (rows.segments() != null) {
        target.write(segmented(source, rows.segments()));
      } else if (rows.transposed()) {
        target.write(transposed(source, rows.rows()));
      } else {
        target.write(reordered(source, rows.rows()));
      }
    }
  }

  private static ByteBuffer changed(TensorData source, Rows rows) throws IOException {
    float[] values = GgufBlocks.decode(source.type(), source.bytes());
    ByteBuffer changed =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      changed.putFloat(rows.change().apply(values[rows.rows() == null ? i : rows.rows()[i]]));
    }
    return changed.flip();
  }

  private static ByteBuffer segmented(TensorData source, int[] segments) throws IOException {
    ByteBuffer all = source.bytes();
    int row = Math.toIntExact(source.rowBytes());
    int size = row / segments.length;
    ByteBuffer ordered = ByteBuffer.allocate(all.remaining());
    for (int first = 0; first < ordered.capacity(); first += row) {
      for (int segment : segments) {
        ordered.put(all.slice(first + segment * size, size));
      }
    }
    return ordered.flip();
  }

  private static ByteBuffer reordered(TensorData source, int[] rows) throws IOException {
    ByteBuffer all = source.bytes();
    int size = Math.toIntExact(source.rowBytes());
    ByteBuffer ordered = ByteBuffer.allocate(Math.multiplyExact(rows.length, size));
    for (int row : rows) {
      ordered.put(all.slice(row * size, size));
    }
    return ordered.flip();
  }

  private static ByteBuffer transposed(TensorData source, int[] rows) throws IOException {
    ByteBuffer all = source.bytes();
    int element = source.type().blockBytes();
    int columns = Math.toIntExact(source.row());
    ByteBuffer turned = ByteBuffer.allocate(rows.length * columns * element);
    for (int column = 0; column < columns; column++) {
      for (int row : rows) {
        turned.put(all.slice((row * columns + column) * element, element));
      }
    }
    return turned.flip();
  }

  private void write(Constants constants, WritableByteChannel channel) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(constants.values().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(constants.values());
    channel.write(bytes);
  }
}
