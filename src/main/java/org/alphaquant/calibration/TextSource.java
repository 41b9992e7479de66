package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.List;

/** A source of documents. Files are streamed and must be UTF-8; gzip and Zstandard unpack. */
public sealed interface TextSource {

  /** The field that holds a row's text when no other is named. */
  String DEFAULT_FIELD = "text";

  /**
   * A file, by its content and name.
   *
   * @param field the field of a row that holds the text; null for the default
   */
  static TextSource of(Path file, String field) {
    DataFormat format = DataFormat.of(file);
    return format == DataFormat.PLAIN_TEXT
        ? new PlainText(file)
        : new Rows(file, format, field == null ? DEFAULT_FIELD : field);
  }

  /** A file of rows, one document each: JSON lines, an array of objects, or Parquet. */
  record Rows(Path file, DataFormat format, String field) implements TextSource {
    public Rows {
      if (field.isBlank()) {
        throw new IllegalArgumentException("field must not be blank");
      }
    }
  }

  /**
   * One running text; its paragraphs, separated by blank lines, count as documents where documents
   * are needed.
   */
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
