package org.alphaquant.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash that a file's content must have: SHA-256, or git's SHA-1 of a small one. */
final class ContentHash {

  private final HubFile file;
  private final MessageDigest digest;

  ContentHash(HubFile file) {
    this.file = file;
    try {
      digest = MessageDigest.getInstance(file.sha256() == null ? "SHA-1" : "SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-1 and SHA-256", impossible);
    }
    restart();
  }

  void restart() {
    digest.reset();
    if (file.sha256() == null) {
      digest.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.UTF_8));
    }
  }

  void add(byte[] bytes, int count) {
    digest.update(bytes, 0, count);
  }

  /** Whether all that was added is the file. Ends the hash. */
  boolean isRight() {
    return HexFormat.of().formatHex(digest.digest()).equals(file.etag());
  }
}
