package org.alphaquant.storage.gguf;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alphaquant.storage.gguf.GgufFile.Stored;

/** Reads what precedes the data; no length in the file is trusted before it is checked. */
final class GgufHeader {

  private static final int MAX_BYTES = 1_000_000_000;

  private final String file;
  private final ByteBuffer in;
  private final long size;
  private final Map<String, MetadataValue> metadata = new LinkedHashMap<>();
  private final List<Stored> tensors = new ArrayList<>();

  private GgufHeader(String file, ByteBuffer in, long size) {
    this.file = file;
    this.in = in;
    this.size = size;
  }

  static GgufHeader read(Path path, FileChannel channel) throws IOException {
    long size = channel.size();
    ByteBuffer start = channel.map(MapMode.READ_ONLY, 0, Math.min(size, MAX_BYTES));
    GgufHeader header =
        new GgufHeader(path.getFileName().toString(), start.order(ByteOrder.LITTLE_ENDIAN), size);
    try {
      header.read();
    } catch (BufferUnderflowException cut) {
      throw new GgufException(header.file, "ends within its header", cut);
    }
    return header;
  }

  Map<String, MetadataValue> metadata() {
    return metadata;
  }

  List<Stored> tensors() {
    return tensors;
  }

  private void read() {
    if (in.remaining() < Integer.BYTES || in.getInt() != 0x46554747) {
      throw wrong("does not begin with GGUF");
    }
    int version = in.getInt();
    if (version != GgufWriter.VERSION) {
      throw wrong("is version " + version + "; only version 3 is read");
    }
    int count = count(in.getLong(), "tensors");
    int keys = count(in.getLong(), "keys");
    for (int i = 0; i < keys; i++) {
      String key = string();
      metadata.put(key, value());
    }
    infos(count);
  }

  private void infos(int count) {
    List<Stored> relative = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      relative.add(info());
    }
    MetadataValue alignment =
        metadata.getOrDefault("general.alignment", MetadataValue.u32(GgufWriter.ALIGNMENT));
    if (!(alignment.value() instanceof Long unit) || unit < 1) {
      throw wrong("has general.alignment " + alignment.value());
    }
    long data = (in.position() + unit - 1) / unit * unit;
    for (Stored tensor : relative) {
      if (tensor.begin() < 0 || tensor.begin() > size - data - tensor.bytes()) {
        throw wrong("ends before the data of " + tensor.name());
      }
      tensors.add(
          new Stored(
              tensor.name(), tensor.type(), tensor.shape(), data + tensor.begin(), tensor.bytes()));
    }
  }

  private Stored info() {
    String name = string();
    int axes = in.getInt();
    if (axes < 1 || axes > 4) {
      throw wrong("gives " + name + " " + axes + " axes");
    }
    List<Long> shape = new ArrayList<>();
    long elements = 1;
    for (int axis = 0; axis < axes; axis++) {
      long length = in.getLong();
      if (length < 1 || elements > Long.MAX_VALUE / Short.MAX_VALUE / length) {
        throw wrong("gives " + name + " an axis of " + length);
      }
      elements *= length;
      shape.add(0, length);
    }
    int id = in.getInt();
    GgufType type =
        GgufType.of(id).orElseThrow(() -> wrong("stores " + name + " as unknown type " + id));
    long row = shape.get(axes - 1);
    if (!type.divides(row)) {
      throw wrong("stores " + name + " as " + type + " in rows of " + row);
    }
    return new Stored(name, type, List.copyOf(shape), in.getLong(), type.bytes(elements, row));
  }

  private MetadataValue value() {
    MetadataValue.Type type = type();
    if (type != MetadataValue.Type.ARRAY) {
      return new MetadataValue(type, scalar(type), null);
    }
    MetadataValue.Type elements = type();
    int length = count(in.getLong(), "elements");
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      values.add(scalar(elements));
    }
    return new MetadataValue(type, List.copyOf(values), elements);
  }

  private MetadataValue.Type type() {
    int type = in.getInt();
    MetadataValue.Type[] known = MetadataValue.Type.values();
    if (type < 0 || type >= known.length) {
      throw wrong("has a key of unknown type " + type);
    }
    return known[type];
  }

  private Object scalar(MetadataValue.Type type) {
    return switch (type) {
      case U8 -> (long) (in.get() & 0xff);
      case I8 -> (long) in.get();
      case U16 -> (long) (in.getShort() & 0xffff);
      case I16 -> (long) in.getShort();
      case U32 -> in.getInt() & 0xffffffffL;
      case I32 -> (long) in.getInt();
      case F32 -> (double) in.getFloat();
      case BOOL -> in.get() != 0;
      case STRING -> string();
      case U64, I64 -> in.getLong();
      case F64 -> in.getDouble();
      case ARRAY -> throw wrong("has an array of arrays");
    };
  }

  private String string() {
    byte[] utf8 = new byte[count(in.getLong(), "bytes of a string")];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  // Every element takes at least one byte, so the rest of the file bounds every count.
  private int count(long value, String of) {
    if (value < 0 || value > in.remaining()) {
      throw wrong("announces " + value + " " + of + " with " + in.remaining() + " bytes left");
    }
    return (int) value;
  }

  private GgufException wrong(String problem) {
    return new GgufException(file, problem);
  }
}
