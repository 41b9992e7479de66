package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * The checked header of a safetensors file: an unsigned 64-bit little-endian length, then so many
 * bytes of JSON, then the data, which the tensors tile without hole, overlap or remainder.
 *
 * @param dataOffset where the data section starts in the file
 * @param tensors in the order of their data
 */
record SafetensorsHeader(
    Map<String, String> metadata, List<StoredTensor> tensors, long dataOffset) {

  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = Long.BYTES;
  static final long MAX_HEADER_BYTES = 100_000_000;

  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long length = length(file, channel);
    // Mapped, not allocated: the length comes from the file.
    ByteBuffer json = channel.map(MapMode.READ_ONLY, LENGTH_BYTES, length);
    HeaderReader.Content content = HeaderReader.read(file, json);
    List<StoredTensor> tensors =
        content.tensors().stream()
            .sorted(
                Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end))
            .toList();
    long dataOffset = LENGTH_BYTES + length;
    requireTiling(file, tensors, channel.size() - dataOffset);
    return new SafetensorsHeader(content.metadata(), tensors, dataOffset);
  }

  private static long length(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (prefix.hasRemaining() && channel.read(prefix, prefix.position()) >= 0) {}
    if (prefix.hasRemaining()) {
      throw CheckpointException.of(
          Kind.FILE_TOO_SHORT,
          file,
          "%d bytes; a safetensors file has at least %d".formatted(size, LENGTH_BYTES));
    }
    long length = prefix.getLong(0);
    if (Long.compareUnsigned(length, MAX_HEADER_BYTES) > 0) {
      throw CheckpointException.of(
          Kind.HEADER_TOO_LARGE,
          file,
          "header length %s is over the limit of %d bytes; this is no safetensors file"
              .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
    }
    if (length > size - LENGTH_BYTES) {
      throw CheckpointException.of(
          Kind.HEADER_TRUNCATED,
          file,
          "header of %d bytes, but the file ends after %d bytes; it was cut short"
              .formatted(length, size));
    }
    return length;
  }

  private static void requireTiling(Path file, List<StoredTensor> tensors, long available) {
    long expected = 0;
    for (StoredTensor tensor : tensors) {
      if (tensor.begin() != expected) {
        Kind kind = tensor.begin() > expected ? Kind.HOLE : Kind.OVERLAP;
        throw CheckpointException.ofTensor(
            kind,
            file,
            tensor.info().name(),
            "data begins at %d, the data before it ends at %d: %s"
                .formatted(tensor.begin(), expected, kind == Kind.HOLE ? "a hole" : "an overlap"));
      }
      expected = tensor.end();
      if (expected > available) {
        throw CheckpointException.ofTensor(
            Kind.DATA_TRUNCATED,
            file,
            tensor.info().name(),
            "data ends at %d, but the file holds only %d bytes of data; it was cut short"
                .formatted(expected, available));
      }
    }
    if (expected < available) {
      throw CheckpointException.of(
          Kind.TRAILING_BYTES,
          file,
          "%d bytes after the last tensor, which ends at %d of %d bytes of data"
              .formatted(available - expected, expected, available));
    }
  }
}
