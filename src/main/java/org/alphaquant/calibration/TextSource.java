package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Where documents come from. Files are streamed and must be UTF-8. */
public sealed interface TextSource {

  /** The field that holds the text of a JSONL line when no other is named. */
  String DEFAULT_FIELD = "text";

  /** Endings of the names of files that hold one JSON object a line. */
  List<String> JSON_LINES = List.of(".jsonl", ".ndjson", ".json");

  /**
   * A file: JSONL if its name ends in {@code .jsonl}, {@code .ndjson} or {@code .json}, else plain
   * text.
   *
   * @param field the field of a JSONL line that holds the text; null for the default
   */
  static TextSource of(Path file, String field) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return JSON_LINES.stream().anyMatch(name::endsWith)
        ? new JsonLines(file, field == null ? DEFAULT_FIELD : field)
        : new PlainText(file);
  }

  /** One JSON object a line, one document an object; blank lines are skipped. */
  record JsonLines(Path file, String field) implements TextSource {
    public JsonLines {
      if (field.isBlank()) {
        throw new IllegalArgumentException("field must not be blank");
      }
    }
  }

  /** One running text; where documents are wanted, they are what blank lines separate. */
  record PlainText(Path file) implements TextSource {}

  /** Documents given with the request. */
  record Inline(List<String> texts) implements TextSource {
    public Inline {
      texts = List.copyOf(texts);
      if (texts.isEmpty()) {
        throw new IllegalArgumentException("texts must not be empty");
      }
    }
  }
}
