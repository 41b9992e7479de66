package org.alphaquant.calibration;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alphaquant.calibration.CalibrationException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One document per line of a JSONL file. */
final class JsonLineDocuments implements Documents {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final int FIELDS_SHOWN = 10;

  private final TextLines lines;
  private final String field;

  JsonLineDocuments(TextSource.JsonLines source) {
    this.lines = new TextLines(source.file());
    this.field = source.field();
  }

  @Override
  public Optional<String> next() {
    Optional<String> line = lines.next();
    while (line.isPresent() && line.get().isBlank()) {
      line = lines.next();
    }
    return line.map(this::text);
  }

  private String text(String line) {
    JsonNode object = parse(line);
    if (!object.isObject()) {
      throw new CalibrationException(
          Kind.BAD_LINE, lines.at() + ": not a JSON object: " + beginning(line));
    }
    JsonNode text = object.path(field);
    if (text.isMissingNode()) {
      throw missing("no field '%s'; its fields are %s".formatted(field, fields(object)));
    }
    if (!text.isString()) {
      throw missing(
          "field '%s' holds %s instead of a text"
              .formatted(field, text.getNodeType().name().toLowerCase(Locale.ROOT)));
    }
    return text.asString();
  }

  private JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JacksonException malformed) {
      throw new CalibrationException(
          Kind.BAD_LINE,
          "%s: not valid JSON (%s): %s"
              .formatted(lines.at(), malformed.getOriginalMessage(), beginning(line)),
          malformed);
    }
  }

  private CalibrationException missing(String detail) {
    return new CalibrationException(Kind.MISSING_FIELD, lines.at() + ": " + detail);
  }

  private static String fields(JsonNode object) {
    return object.propertyNames().stream()
        .limit(FIELDS_SHOWN)
        .map(JsonLineDocuments::beginning)
        .collect(Collectors.joining(", ", "[", object.size() > FIELDS_SHOWN ? ", …]" : "]"));
  }

  private static String beginning(String text) {
    String line = text.strip().replaceAll("\\p{Cntrl}", "?");
    return "'" + (line.length() > 60 ? line.substring(0, 60) + "…" : line) + "'";
  }

  @Override
  public void close() {
    lines.close();
  }
}
