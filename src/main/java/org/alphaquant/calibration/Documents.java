package org.alphaquant.calibration;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import org.alphaquant.chat.ModelChat;

/** Texts, one after the other. */
interface Documents extends AutoCloseable {

  Optional<Document> next();

  @Override
  void close();

  /**
   * The documents of a source.
   *
   * @param seen hashes of documents that are left out, to which these are added; null leaves none
   *     out, and a running text is never cut so
   * @param chat what writes conversations; empty where the model has no template
   */
  static Documents of(TextSource source, long seed, Set<Long> seen, Optional<ModelChat> chat) {
    Documents inOrder = inOrder(source, chat);
    Documents chosen =
        seen != null && !(source instanceof TextSource.PlainText)
            ? new DistinctDocuments(inOrder, seen)
            : inOrder;
    return seed == 0 ? chosen : new ShuffledDocuments(chosen, seed);
  }

  /** All documents in the order of the source. */
  static Documents inOrder(TextSource source, Optional<ModelChat> chat) {
    if (source instanceof TextSource.Rows file) {
      return new RowDocuments(rows(file.file(), file.format()), new RowText(file.field(), chat));
    }
    if (source instanceof TextSource.PlainText text) {
      return new Paragraphs(text.file());
    }
    return new InlineDocuments(((TextSource.Inline) source).texts().iterator());
  }

  /** The rows of a file of this format. */
  static Rows rows(Path file, DataFormat format) {
    return switch (format) {
      case JSON_ARRAY -> new JsonArrayRows(file);
      case PARQUET -> new ParquetRows(file);
      case JSON_LINES, PLAIN_TEXT -> new JsonLineRows(file);
    };
  }

  /** Documents that are in memory already. */
  record InlineDocuments(Iterator<String> texts) implements Documents {
    @Override
    public Optional<Document> next() {
      return texts.hasNext() ? Optional.of(Document.plain(texts.next())) : Optional.empty();
    }

    @Override
    public void close() {}
  }
}
