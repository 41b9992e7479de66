package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.Set;

/** Documents without those that were seen before: a text that comes twice says nothing new. */
final class DistinctDocuments implements Documents {

  private final Documents source;
  private final Set<Long> seen;

  /**
   * @param seen hashes of what came before, of other sources too; added to
   */
  DistinctDocuments(Documents source, Set<Long> seen) {
    this.source = source;
    this.seen = seen;
  }

  @Override
  public Optional<Document> next() {
    Optional<Document> document = source.next();
    while (document.isPresent() && !seen.add(digest(document.get().text()))) {
      document = source.next();
    }
    return document;
  }

  /** 64 bits of SHA-256: among a million texts two meet by chance once in 37 million times. */
  private static long digest(String text) {
    try {
      byte[] sha256 =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(sha256).getLong();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  @Override
  public void close() {
    source.close();
  }
}
