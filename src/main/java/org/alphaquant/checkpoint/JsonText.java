package org.alphaquant.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.alphaquant.checkpoint.CheckpointException.Kind;
import org.alphaquant.problem.MalformedJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON of untrusted files: UTF-8 only, of bounded size, read from mapped memory. */
final class JsonText {

  static final JsonMapper MAPPER =
      // Python writes NaN and Infinity into config.json, although JSON has no such numbers.
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final long MAX_BYTES = 100_000_000;
  private static final int CHARS_AT_ONCE = 8192;

  private JsonText() {}

  /** The JSON object that a whole file holds. */
  static JsonNode object(Path file, Links links, Kind kind) {
    try {
      return read(file, links, kind);
    } catch (CheckpointException malformed) {
      throw malformed.orOtherContent(file, "a JSON object");
    }
  }

  private static JsonNode read(Path file, Links links, Kind kind) {
    try {
      ByteBuffer bytes = map(file, links, kind);
      requireUtf8(file, bytes, kind);
      skipByteOrderMark(bytes);
      try (JsonParser json = parser(bytes)) {
        JsonNode node = MAPPER.readTree(json);
        if (node == null || !node.isObject()) {
          throw CheckpointException.of(kind, file, "must hold a JSON object");
        }
        requireWholeCharacters(node, file, kind);
        return node;
      }
    } catch (JacksonException malformed) {
      throw CheckpointException.of(kind, file, "not valid JSON: " + reason(malformed), malformed);
    }
  }

  // JSON can spell half a surrogate pair; a result in UTF-8 cannot hold it.
  private static void requireWholeCharacters(JsonNode node, Path file, Kind kind) {
    for (Map.Entry<String, JsonNode> property : node.properties()) {
      requireWhole(property.getKey(), file, kind);
      requireWholeCharacters(property.getValue(), file, kind);
    }
    if (node.isArray()) {
      node.forEach(element -> requireWholeCharacters(element, file, kind));
    }
    if (node.isString()) {
      requireWhole(node.asString(), file, kind);
    }
  }

  private static void requireWhole(String text, Path file, Kind kind) {
    text.codePoints()
        .filter(point -> point <= Character.MAX_SURROGATE && point >= Character.MIN_SURROGATE)
        .findFirst()
        .ifPresent(
            half -> {
              throw CheckpointException.of(
                  kind,
                  file,
                  "holds half of a surrogate pair (U+%04X), which no text in UTF-8 can"
                      .formatted(half));
            });
  }

  // Some editors start a file with a byte order mark.
  static void skipByteOrderMark(ByteBuffer bytes) {
    if (bytes.remaining() > 3 && (bytes.getInt(0) >>> 8) == 0xefbbbf) {
      bytes.position(3);
    }
  }

  static ByteBuffer map(Path file, Links links, Kind kind) {
    try (FileChannel channel = links.open(file)) {
      long size = channel.size();
      if (size > MAX_BYTES) {
        throw CheckpointException.of(
            kind, file, "%d bytes, over the limit of %d".formatted(size, MAX_BYTES));
      }
      return channel.map(MapMode.READ_ONLY, 0, size);
    } catch (IOException unreadable) {
      throw CheckpointException.of(
          Kind.UNREADABLE, file, "cannot be read: " + unreadable, unreadable);
    }
  }

  static void requireUtf8(Path file, ByteBuffer bytes, Kind kind) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer rest = bytes.duplicate();
    CharBuffer chars = CharBuffer.allocate(CHARS_AT_ONCE);
    CoderResult result;
    do {
      chars.clear();
      result = decoder.decode(rest, chars, true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw CheckpointException.of(
          kind,
          file,
          "byte 0x%02x at offset %d of its JSON is not UTF-8"
              .formatted(rest.get(rest.position()), rest.position()));
    }
  }

  // Through a Reader, because a parser of bytes would guess at UTF-16 and UTF-32.
  static JsonParser parser(ByteBuffer utf8) {
    ByteBuffer rest = utf8.duplicate();
    return MAPPER.createParser(
        new InputStreamReader(new BufferStream(rest), StandardCharsets.UTF_8));
  }

  static String reason(JacksonException malformed) {
    return MalformedJson.reason(malformed)
        + (malformed.getLocation() == null
            ? ""
            : " (character " + malformed.getLocation().getCharOffset() + ")");
  }

  private static final class BufferStream extends InputStream {
    private final ByteBuffer buffer;

    BufferStream(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public int read() {
      return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (!buffer.hasRemaining()) {
        return length == 0 ? 0 : -1;
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(target, offset, count);
      return count;
    }
  }
}
