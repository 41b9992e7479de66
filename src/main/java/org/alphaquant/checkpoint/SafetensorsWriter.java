package org.alphaquant.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import tools.jackson.core.JsonGenerator;

/**
 * Writes one safetensors file as the reference implementation does: tensors in descending order of
 * element alignment and then by name, the header padded with spaces to a multiple of eight bytes.
 * Tensor data passes through; only the header is held in memory.
 */
public final class SafetensorsWriter {

  private static final Map<String, String> PYTORCH = Map.of("format", "pt");
  private static final int ALIGNMENT = 8;

  private static final Pattern LAYER = Pattern.compile("\\.(\\d{1,6})\\.");

  private SafetensorsWriter() {}

  /**
   * Writes the file under a temporary name, forces it to the disk and renames it.
   *
   * @throws CheckpointException if two tensors share a name, a source does not return the bytes
   *     that it announced, the header exceeds the format's limit, or the disk cannot be written; an
   *     existing file of this name is then unchanged
   */
  public static WrittenFile write(Path file, List<TensorSource> tensors) {
    return write(file, tensors, PYTORCH);
  }

  /** The same with other {@code __metadata__}. */
  public static WrittenFile write(
      Path file, List<TensorSource> tensors, Map<String, String> metadata) {
    return AtomicFile.write(file, content(file, tensors, metadata));
  }

  /** Writes a file whose hash nobody asks for. */
  public static void writeUnhashed(Path file, List<TensorSource> tensors) {
    AtomicFile.writeUnhashed(file, content(file, tensors, PYTORCH));
  }

  private static AtomicFile.Content content(
      Path file, List<TensorSource> tensors, Map<String, String> metadata) {
    requireDistinctNames(file, tensors);
    List<TensorSource> ordered = tensors.stream().sorted(order(tensors)).toList();
    byte[] header = header(metadata, ordered.stream().map(TensorSource::info).toList());
    if (header.length > SafetensorsHeader.MAX_HEADER_BYTES) {
      throw CheckpointException.of(
          Kind.HEADER_TOO_LARGE,
          file,
          "a header of %d bytes for %d tensors is over the limit of %d; write more shards"
              .formatted(header.length, ordered.size(), SafetensorsHeader.MAX_HEADER_BYTES));
    }
    return target -> writeContent(file, target, header, ordered);
  }

  // Wide types first, so that every element starts at a multiple of its size, as PyTorch writes
  // them.
  // Where any order does that, layer by layer: then a file can be written while its layers are
  // made.
  private static Comparator<TensorSource> order(List<TensorSource> tensors) {
    boolean anyOrder = tensors.stream().allMatch(t -> t.info().bytes() % ALIGNMENT == 0);
    Map<String, Integer> layers = new HashMap<>();
    if (anyOrder) {
      tensors.forEach(t -> layers.put(t.info().name(), layer(t.info().name())));
    }
    return Comparator.comparingInt((TensorSource t) -> layers.getOrDefault(t.info().name(), 0))
        .thenComparing(Comparator.comparing((TensorSource t) -> t.info().dtype()).reversed())
        .thenComparing(t -> t.info().name());
  }

  private static int layer(String tensor) {
    Matcher number = LAYER.matcher(tensor);
    return number.find() ? Integer.parseInt(number.group(1)) : -1;
  }

  private static void writeContent(
      Path file, AtomicFile target, byte[] header, List<TensorSource> tensors) throws IOException {
    target.write(ByteBuffer.wrap(littleEndian(header.length)));
    target.write(ByteBuffer.wrap(header));
    for (TensorSource tensor : tensors) {
      long start = target.written();
      tensor.writeTo(target);
      long given = target.written() - start;
      if (given != tensor.info().bytes()) {
        throw CheckpointException.ofTensor(
            Kind.SOURCE_SIZE,
            file,
            tensor.info().name(),
            "%d bytes were supplied for %s %s, which takes %d"
                .formatted(
                    given, tensor.info().dtype(), tensor.info().shape(), tensor.info().bytes()));
      }
    }
  }

  private static byte[] header(Map<String, String> metadata, List<TensorInfo> tensors) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JsonText.MAPPER.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writePOJOProperty(SafetensorsHeader.METADATA, metadata);
      }
      long begin = 0;
      for (TensorInfo tensor : tensors) {
        writeEntry(json, tensor, begin);
        begin += tensor.bytes();
      }
      json.writeEndObject();
    }
    while (bytes.size() % ALIGNMENT != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }

  private static void writeEntry(JsonGenerator json, TensorInfo tensor, long begin) {
    json.writeObjectPropertyStart(tensor.name());
    json.writeStringProperty("dtype", tensor.dtype().name());
    json.writeName("shape");
    writeArray(json, tensor.shape().stream().mapToLong(Long::longValue).toArray());
    json.writeName("data_offsets");
    writeArray(json, begin, begin + tensor.bytes());
    json.writeEndObject();
  }

  private static void writeArray(JsonGenerator json, long... values) {
    json.writeArray(values, 0, values.length);
  }

  private static byte[] littleEndian(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(Long.reverseBytes(value)).array();
  }

  private static void requireDistinctNames(Path file, List<TensorSource> tensors) {
    Set<String> names = new HashSet<>();
    for (TensorSource tensor : tensors) {
      if (!names.add(tensor.info().name())) {
        throw CheckpointException.ofTensor(
            Kind.DUPLICATE_TENSOR, file, tensor.info().name(), "is to be written twice");
      }
    }
  }
}
