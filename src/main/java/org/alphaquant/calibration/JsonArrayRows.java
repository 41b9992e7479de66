package org.alphaquant.calibration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The objects of one array, read one by one. */
final class JsonArrayRows implements Rows {

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Path file;
  private final JsonParser parser;
  private long number;

  JsonArrayRows(Path file) {
    this.file = file;
    try {
      this.parser = JSON.createParser(DataFormat.open(file));
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw bad("not an array of JSON objects");
      }
    } catch (IOException unreadable) {
      throw TextLines.unreadable(file, unreadable);
    }
  }

  @Override
  public Optional<JsonNode> next() {
    try {
      number++;
      JsonToken token = parser.nextToken();
      if (token == JsonToken.END_ARRAY) {
        return Optional.empty();
      }
      if (token != JsonToken.START_OBJECT) {
        throw bad("not a JSON object");
      }
      return Optional.of(JSON.readTree(parser));
    } catch (JacksonException malformed) {
      throw bad("not valid JSON (" + malformed.getOriginalMessage() + ")");
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
