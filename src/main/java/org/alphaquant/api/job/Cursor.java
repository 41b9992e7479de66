package org.alphaquant.api.job;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobFilter;

/** The place between two jobs of a list, opaque to clients. */
record Cursor(Instant createdAt, UUID id) {

  private static final char SEPARATOR = '_';
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  static Cursor after(Job job) {
    return new Cursor(job.createdAt(), job.id());
  }

  /**
   * @throws IllegalArgumentException if the text is not a cursor
   */
  static Cursor parse(String text) {
    String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.ISO_8859_1);
    int separator = plain.indexOf(SEPARATOR);
    if (separator < 0) {
      throw new IllegalArgumentException("no separator in the cursor");
    }
    try {
      Instant createdAt = Instant.parse(plain.substring(0, separator));
      if (createdAt.isBefore(Instant.EPOCH) || createdAt.isAfter(LATEST)) {
        throw new IllegalArgumentException("a time that no job has: " + createdAt);
      }
      return new Cursor(createdAt, UUID.fromString(plain.substring(separator + 1)));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("no time in the cursor", e);
    }
  }

  String text() {
    byte[] plain = (createdAt.toString() + SEPARATOR + id).getBytes(StandardCharsets.ISO_8859_1);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(plain);
  }

  JobFilter.Position position() {
    return new JobFilter.Position(createdAt, id);
  }
}
