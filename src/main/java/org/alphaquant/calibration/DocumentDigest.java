package org.alphaquant.calibration;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;

/**
 * 64 bits of a document's SHA-256: among a million texts two meet by chance once in 37 million
 * times.
 */
final class DocumentDigest {

  // Shorter paragraphs, such as a closing bracket, meet in texts that share nothing.
  private static final int LEAST_CHARACTERS = 64;

  private DocumentDigest() {}

  static long of(String text) {
    try {
      byte[] sha256 =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(sha256).getLong();
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }

  /** Adds a document's digest if the document is long enough to identify. */
  static void collect(String text, Set<Long> into) {
    String stripped = text.strip();
    if (stripped.length() >= LEAST_CHARACTERS) {
      into.add(of(stripped));
    }
  }
}
