package org.alphaquant.calibration;

import java.util.Iterator;
import java.util.Optional;

/** Texts, one after the other. */
interface Documents extends AutoCloseable {

  Optional<String> next();

  @Override
  void close();

  static Documents of(TextSource source, long seed) {
    Documents inOrder = inOrder(source);
    return seed == 0 ? inOrder : new ShuffledDocuments(inOrder, seed);
  }

  private static Documents inOrder(TextSource source) {
    if (source instanceof TextSource.JsonLines lines) {
      return new JsonLineDocuments(lines);
    }
    if (source instanceof TextSource.PlainText text) {
      return new Paragraphs(text.file());
    }
    return new InlineDocuments(((TextSource.Inline) source).texts().iterator());
  }

  /** Documents that are in memory already. */
  record InlineDocuments(Iterator<String> texts) implements Documents {
    @Override
    public Optional<String> next() {
      return texts.hasNext() ? Optional.of(texts.next()) : Optional.empty();
    }

    @Override
    public void close() {}
  }
}
