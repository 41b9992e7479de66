package org.alphaquant.calibration;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** One document a row; rows whose text is blank are skipped. */
final class RowDocuments implements Documents {

  private final Rows rows;
  private final RowText text;

  RowDocuments(Rows rows, RowText text) {
    this.rows = rows;
    this.text = text;
  }

  @Override
  public Optional<Document> next() {
    for (Optional<JsonNode> row = rows.next(); row.isPresent(); row = rows.next()) {
      Document document = text.of(row.get(), rows.at());
      if (!document.text().isBlank()) {
        return Optional.of(document);
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    rows.close();
  }
}
