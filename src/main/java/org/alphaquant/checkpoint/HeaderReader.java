package org.alphaquant.checkpoint;

import static org.alphaquant.checkpoint.CheckpointException.quote;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Reads the JSON of a safetensors header token by token and checks every value it holds. */
final class HeaderReader {

  record Content(Map<String, String> metadata, List<StoredTensor> tensors) {}

  private final Path file;
  private final JsonParser json;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final List<StoredTensor> tensors = new ArrayList<>();

  private HeaderReader(Path file, JsonParser json) {
    this.file = file;
    this.json = json;
  }

  static Content read(Path file, ByteBuffer bytes) {
    if (!bytes.hasRemaining() || bytes.get(0) != '{') {
      String found =
          bytes.hasRemaining() ? "begins with byte 0x%02x".formatted(bytes.get(0)) : "is empty";
      throw CheckpointException.of(
          Kind.HEADER_START, file, "the header " + found + " instead of '{'");
    }
    JsonText.requireUtf8(file, bytes, Kind.HEADER_ENCODING);
    try (JsonParser json = JsonText.parser(bytes)) {
      HeaderReader reader = new HeaderReader(file, json);
      reader.readHeader();
      return new Content(reader.metadata, reader.tensors);
    } catch (JacksonException malformed) {
      throw CheckpointException.of(
          Kind.HEADER_JSON,
          file,
          "the header is not valid JSON: " + JsonText.reason(malformed),
          malformed);
    }
  }

  private void readHeader() {
    json.nextToken();
    Set<String> names = new HashSet<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      if (!names.add(name)) {
        throw CheckpointException.ofTensor(
            Kind.DUPLICATE_TENSOR, file, name, "the header names it twice");
      }
      json.nextToken();
      if (name.equals(SafetensorsHeader.METADATA)) {
        readMetadata();
      } else {
        tensors.add(readTensor(name));
      }
    }
    if (json.nextToken() != null) {
      throw CheckpointException.of(
          Kind.HEADER_JSON,
          file,
          "the header is not valid JSON: something follows its last brace, at character "
              + json.currentTokenLocation().getCharOffset());
    }
  }

  private void readMetadata() {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw CheckpointException.of(
          Kind.METADATA, file, "__metadata__ must be an object of strings, found " + found());
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw CheckpointException.of(
            Kind.METADATA,
            file,
            "__metadata__ holds strings only, but %s is %s".formatted(quote(key), found()));
      }
      if (metadata.put(key, json.getString()) != null) {
        throw CheckpointException.of(
            Kind.METADATA, file, "__metadata__ names " + quote(key) + " twice");
      }
    }
  }

  private StoredTensor readTensor(String name) {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw field(name, "must be an object, found " + found());
    }
    TensorFields fields = new TensorFields();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      readField(name, fields);
    }
    return fields.complete(name);
  }

  private void readField(String name, TensorFields fields) {
    String key = json.currentName();
    json.nextToken();
    switch (key) {
      case "dtype" -> {
        requireFirst(name, key, fields.dtype);
        fields.dtype = dtype(name);
      }
      case "shape" -> {
        requireFirst(name, key, fields.shape);
        fields.shape = integers(name, key, Kind.SHAPE, TensorInfo.MAX_RANK);
      }
      case "data_offsets" -> {
        requireFirst(name, key, fields.offsets);
        fields.offsets = integers(name, key, Kind.OFFSETS, 2);
      }
      default -> json.skipChildren();
    }
  }

  private void requireFirst(String name, String key, Object earlier) {
    if (earlier != null) {
      throw field(name, quote(key) + " is given twice");
    }
  }

  private Dtype dtype(String name) {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw field(name, "'dtype' must be a string, found " + found());
    }
    String value = json.getString();
    return Dtype.named(value)
        .orElseThrow(
            () ->
                CheckpointException.ofTensor(
                    Kind.UNKNOWN_DTYPE,
                    file,
                    name,
                    "unknown dtype %s; known are %s"
                        .formatted(quote(value), List.of(Dtype.values()))));
  }

  private List<Long> integers(String name, String key, Kind kind, int limit) {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw field(name, "%s must be an array, found %s".formatted(quote(key), found()));
    }
    List<Long> values = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (values.size() == limit) {
        throw CheckpointException.ofTensor(
            kind, file, name, "%s has more than %d entries".formatted(quote(key), limit));
      }
      values.add(natural(name, key, kind));
    }
    return values;
  }

  private long natural(String name, String key, Kind kind) {
    boolean fits =
        json.currentToken() == JsonToken.VALUE_NUMBER_INT
            && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
            && json.getLongValue() >= 0;
    if (!fits) {
      throw CheckpointException.ofTensor(
          kind,
          file,
          name,
          "%s holds %s; every entry must be a whole number from 0 to %d"
              .formatted(quote(key), found(), Long.MAX_VALUE));
    }
    return json.getLongValue();
  }

  private String found() {
    return json.currentToken() == null ? "nothing" : quote(json.getString());
  }

  private CheckpointException field(String name, String detail) {
    return CheckpointException.ofTensor(Kind.HEADER_FIELD, file, name, detail);
  }

  /** The fields of one tensor read so far. */
  private final class TensorFields {
    private Dtype dtype;
    private List<Long> shape;
    private List<Long> offsets;

    StoredTensor complete(String name) {
      require(name, "dtype", dtype);
      require(name, "shape", shape);
      require(name, "data_offsets", offsets);
      if (offsets.size() != 2 || offsets.get(1) < offsets.get(0)) {
        throw CheckpointException.ofTensor(
            Kind.OFFSETS,
            file,
            name,
            "'data_offsets' is %s; it must be [begin, end] with begin <= end".formatted(offsets));
      }
      return stored(name, offsets.get(0), offsets.get(1));
    }

    private StoredTensor stored(String name, long begin, long end) {
      try {
        TensorInfo info = new TensorInfo(name, dtype, shape);
        if (end - begin != info.bytes()) {
          throw CheckpointException.ofTensor(
              Kind.SIZE_MISMATCH,
              file,
              name,
              "%s %s takes %d bytes, but its data_offsets %s span %d"
                  .formatted(dtype, shape, info.bytes(), offsets, end - begin));
        }
        return new StoredTensor(info, begin, end);
      } catch (CheckpointException problem) {
        throw problem.inFile(file);
      }
    }

    private void require(String name, String key, Object value) {
      if (value == null) {
        throw field(name, quote(key) + " is missing");
      }
    }
  }
}
