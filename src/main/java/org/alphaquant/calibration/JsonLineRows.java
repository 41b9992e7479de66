package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.Optional;
import org.alphaquant.calibration.CalibrationException.Kind;
import org.alphaquant.problem.MalformedJson;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One object per line; blank lines are skipped. */
final class JsonLineRows implements Rows {

  private static final JsonMapper JSON =
      // Python writes NaN and Infinity, although JSON has no such numbers.
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final TextLines lines;

  JsonLineRows(Path file) {
    this.lines = new TextLines(file);
  }

  @Override
  public Optional<JsonNode> next() {
    Optional<String> line = lines.next();
    while (line.isPresent() && line.get().isBlank()) {
      line = lines.next();
    }
    return line.map(this::parse);
  }

  private JsonNode parse(String line) {
    JsonNode object = read(line);
    if (!object.isObject()) {
      throw new CalibrationException(
          Kind.BAD_LINE, lines.at() + ": not a JSON object: " + Excerpt.of(line));
    }
    return object;
  }

  private JsonNode read(String line) {
    try {
      return JSON.readTree(line);
    } catch (JacksonException malformed) {
      throw new CalibrationException(
          Kind.BAD_LINE,
          "%s: not valid JSON (%s); each line holds one whole object: %s"
              .formatted(lines.at(), MalformedJson.reason(malformed), Excerpt.of(line)),
          malformed);
    }
  }

  @Override
  public String at() {
    return lines.at();
  }

  @Override
  public void close() {
    lines.close();
  }
}
