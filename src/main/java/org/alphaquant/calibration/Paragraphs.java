package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The paragraphs of a plain text file, with the blank lines that follow each, so that joined they
 * are the file again. A paragraph is cut where it reaches {@value #MAX_CHARS} characters.
 */
final class Paragraphs implements Documents {

  static final int MAX_CHARS = 1 << 20;

  private final TextLines lines;
  private Optional<String> ahead;

  Paragraphs(Path file) {
    lines = new TextLines(file, MAX_CHARS);
    ahead = lines.next();
  }

  @Override
  public Optional<Document> next() {
    StringBuilder paragraph = new StringBuilder();
    boolean ended = false;
    while (ahead.isPresent() && paragraph.length() < MAX_CHARS) {
      boolean blank = ahead.get().isBlank();
      if (ended && !blank) {
        break;
      }
      ended = blank && !paragraph.toString().isBlank();
      paragraph.append(ahead.get());
      ahead = lines.next();
    }
    return paragraph.isEmpty()
        ? Optional.empty()
        : Optional.of(Document.plain(paragraph.toString()));
  }

  @Override
  public void close() {
    lines.close();
  }
}
