package org.alphaquant.storage.gguf;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.checkpoint.AtomicFile;
import org.alphaquant.checkpoint.WrittenFile;

/** Writes a model as one GGUF file, or as several that find each other by their names. */
final class GgufWriter {

  static final int VERSION = 3;
  static final int ALIGNMENT = 32;

  private GgufWriter() {}

  /**
   * Writes {@code name.gguf}, or {@code name-00001-of-0000N.gguf} and so on where the tensors take
   * more than {@code maxBytes}. Only headers are held in memory.
   *
   * @throws org.alphaquant.checkpoint.CheckpointException if the disk cannot be written
   * @throws IllegalStateException if a tensor's length disagrees with its type and shape
   */
  static List<WrittenFile> write(
      Path folder,
      String name,
      Map<String, MetadataValue> metadata,
      List<GgufTensor> tensors,
      long maxBytes) {
    List<List<GgufTensor>> parts = parts(tensors, maxBytes);
    List<WrittenFile> written = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Map<String, MetadataValue> own = new LinkedHashMap<>(i == 0 ? metadata : Map.of());
      if (parts.size() > 1) {
        own.put("split.no", MetadataValue.u16(i));
        own.put("split.count", MetadataValue.u16(parts.size()));
        own.put("split.tensors.count", MetadataValue.i32(tensors.size()));
      }
      List<GgufTensor> part = parts.get(i);
      written.add(
          AtomicFile.write(
              folder.resolve(fileName(name, i, parts.size())), file -> write(file, own, part)));
    }
    return written;
  }

  static String fileName(String name, int index, int count) {
    return count == 1 ? name + ".gguf" : "%s-%05d-of-%05d.gguf".formatted(name, index + 1, count);
  }

  private static List<List<GgufTensor>> parts(List<GgufTensor> tensors, long maxBytes) {
    List<List<GgufTensor>> parts = new ArrayList<>(List.of(new ArrayList<>()));
    long size = 0;
    for (GgufTensor tensor : tensors) {
      List<GgufTensor> last = parts.get(parts.size() - 1);
      if (!last.isEmpty() && size + tensor.bytes() > maxBytes) {
        last = new ArrayList<>();
        parts.add(last);
        size = 0;
      }
      last.add(tensor);
      size += tensor.bytes();
    }
    return parts;
  }

  private static void write(
      AtomicFile file, Map<String, MetadataValue> metadata, List<GgufTensor> tensors)
      throws IOException {
    file.write(ByteBuffer.wrap(header(metadata, tensors)));
    pad(file);
    for (GgufTensor tensor : tensors) {
      long start = file.written();
      tensor.content().writeTo(file);
      if (file.written() - start != tensor.bytes()) {
        throw new IllegalStateException(
            "%s takes %d bytes but %d were given"
                .formatted(tensor.name(), tensor.bytes(), file.written() - start));
      }
      pad(file);
    }
  }

  private static byte[] header(Map<String, MetadataValue> metadata, List<GgufTensor> tensors)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Header out = new Header(new DataOutputStream(bytes));
    bytes.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.number(Integer.BYTES, VERSION);
    out.number(Long.BYTES, tensors.size());
    out.number(Long.BYTES, metadata.size());
    for (Map.Entry<String, MetadataValue> entry : metadata.entrySet()) {
      out.string(entry.getKey());
      out.number(Integer.BYTES, entry.getValue().type().ordinal());
      out.value(entry.getValue());
    }
    long offset = 0;
    for (GgufTensor tensor : tensors) {
      out.info(tensor, offset);
      offset += padded(tensor.bytes());
    }
    return bytes.toByteArray();
  }

  private static long padded(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void pad(AtomicFile file) throws IOException {
    file.write(ByteBuffer.allocate((int) (padded(file.written()) - file.written())));
  }

  /** The primitives of the header, little-endian. */
  private record Header(DataOutputStream out) {

    void number(int bytes, long value) throws IOException {
      for (int i = 0; i < bytes; i++) {
        out.writeByte((int) (value >>> 8 * i));
      }
    }

    void string(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      number(Long.BYTES, utf8.length);
      out.write(utf8);
    }

    void value(MetadataValue value) throws IOException {
      if (value.type() != MetadataValue.Type.ARRAY) {
        scalar(value.type(), value.value());
        return;
      }
      List<?> elements = (List<?>) value.value();
      number(Integer.BYTES, value.elements().ordinal());
      number(Long.BYTES, elements.size());
      for (Object element : elements) {
        scalar(value.elements(), element);
      }
    }

    private void scalar(MetadataValue.Type type, Object value) throws IOException {
      switch (type) {
        case U8, I8 -> number(Byte.BYTES, (Long) value);
        case U16, I16 -> number(Short.BYTES, (Long) value);
        case U32, I32 -> number(Integer.BYTES, (Long) value);
        case U64, I64 -> number(Long.BYTES, (Long) value);
        case F32 -> number(Integer.BYTES, Float.floatToRawIntBits(((Double) value).floatValue()));
        case F64 -> number(Long.BYTES, Double.doubleToRawLongBits((Double) value));
        case BOOL -> number(Byte.BYTES, (Boolean) value ? 1 : 0);
        case STRING -> string((String) value);
        case ARRAY -> throw new IllegalArgumentException("arrays of arrays are not written");
      }
    }

    void info(GgufTensor tensor, long offset) throws IOException {
      string(tensor.name());
      number(Integer.BYTES, tensor.shape().size());
      for (int axis = tensor.shape().size() - 1; axis >= 0; axis--) {
        number(Long.BYTES, tensor.shape().get(axis));
      }
      number(Integer.BYTES, tensor.type().id());
      number(Long.BYTES, offset);
    }
  }
}
