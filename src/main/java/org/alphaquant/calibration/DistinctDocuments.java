package org.alphaquant.calibration;

import java.util.Optional;
import java.util.Set;

/** Removes duplicate documents, which add no information to a calibration. */
final class DistinctDocuments implements Documents {

  private final Documents source;
  private final Set<Long> seen;

  /**
   * @param seen hashes of earlier documents, of other sources too; added to
   */
  DistinctDocuments(Documents source, Set<Long> seen) {
    this.source = source;
    this.seen = seen;
  }

  @Override
  public Optional<Document> next() {
    Optional<Document> document = source.next();
    while (document.isPresent() && !seen.add(DocumentDigest.of(document.get().text()))) {
      document = source.next();
    }
    return document;
  }

  @Override
  public void close() {
    source.close();
  }
}
