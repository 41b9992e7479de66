package org.alphaquant.calibration;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.problem.MalformedJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The objects of one array, read one by one. */
final class JsonArrayRows implements Rows {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;
  private final JsonParser parser;
  private final RowBytes bytes;
  private long number;

  JsonArrayRows(Path file) {
    this.file = file;
    try {
      this.bytes = new RowBytes(DataFormat.open(file));
      this.parser = JSON.createParser(bytes);
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw bad("not an array of JSON objects");
      }
    } catch (IOException unreadable) {
      throw TextLines.unreadable(file, unreadable);
    }
  }

  /** Ends where a row is longer than a line of rows may be. */
  private final class RowBytes extends FilterInputStream {
    private long left = TextLines.MAX_LINE_BYTES;

    RowBytes(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      return counted(super.read(), 1);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      return counted(count, count);
    }

    private int counted(int result, int count) {
      left -= Math.max(0, count);
      if (left < 0) {
        throw new CalibrationException(
            Kind.TEXT_FILE,
            "%s: the row has more than %,d bytes, which is the limit; make several rows of it, or give it as plain text"
                .formatted(at(), TextLines.MAX_LINE_BYTES));
      }
      return result;
    }
  }

  @Override
  public Optional<JsonNode> next() {
    try {
      number++;
      bytes.left = TextLines.MAX_LINE_BYTES;
      JsonToken token = parser.nextToken();
      if (token == JsonToken.END_ARRAY) {
        return Optional.empty();
      }
      if (token != JsonToken.START_OBJECT) {
        throw bad("not a JSON object");
      }
      return Optional.of(JSON.readTree(parser));
    } catch (JacksonException malformed) {
      throw bad("not valid JSON (" + MalformedJson.reason(malformed) + ")");
    }
  }

  private CalibrationException bad(String detail) {
    return new CalibrationException(Kind.BAD_LINE, at() + ": " + detail);
  }

  @Override
  public String at() {
    return "'%s', element %d".formatted(file.getFileName(), number);
  }

  @Override
  public void close() {
    parser.close();
  }
}
