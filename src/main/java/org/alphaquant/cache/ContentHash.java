package org.alphaquant.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes a download and compares it with the expected hash. */
final class ContentHash {

  private final Digest expected;
  private final MessageDigest digest;

  /**
   * @param expected null where none is known; then only the length is compared
   */
  ContentHash(Digest expected) {
    this.expected = expected;
    try {
      digest = expected == null ? null : MessageDigest.getInstance(expected.algorithm());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has MD5, SHA-1, SHA-256", impossible);
    }
    restart();
  }

  void restart() {
    if (digest != null) {
      digest.reset();
      digest.update(expected.prefix().getBytes(StandardCharsets.UTF_8));
    }
  }

  void add(byte[] bytes, int count) {
    if (digest != null) {
      digest.update(bytes, 0, count);
    }
  }

  /** Whether the bytes added so far are the whole file. Ends the hash. */
  boolean isRight() {
    return digest == null || HexFormat.of().formatHex(digest.digest()).equals(expected.hex());
  }
}
