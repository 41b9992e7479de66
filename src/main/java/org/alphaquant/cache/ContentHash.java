package org.alphaquant.cache;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Compares what comes with the hash that it must have. */
final class ContentHash {

  private final Digest expected;
  private final MessageDigest digest;

  /**
   * @param expected null where nothing tells; the content's length is all that is compared then
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

  /** Whether all that was added is the file. Ends the hash. */
  boolean isRight() {
    return digest == null || HexFormat.of().formatHex(digest.digest()).equals(expected.hex());
  }
}
