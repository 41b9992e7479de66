package org.alphaquant.prepare;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeSet;
import org.alphaquant.checkpoint.Checkpoint;

/** Identifies a source checkpoint without reading its weights. */
public final class SourceDigest {

  private SourceDigest() {}

  /**
   * SHA-256 over config.json and every tensor's name, dtype and shape: everything that determines a
   * plan.
   */
  public static String ofHeaders(Checkpoint checkpoint) {
    return HexFormat.of().formatHex(headers(checkpoint).digest());
  }

  /**
   * The same, and over each weight file's name, length and time: everything that determines the
   * finished layers of an earlier attempt.
   */
  public static String ofFiles(Checkpoint checkpoint) {
    MessageDigest digest = headers(checkpoint);
    for (Path file : checkpoint.files()) {
      File stored = file.toFile();
      add(digest, stored.getName() + " " + stored.length() + " " + stored.lastModified());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest headers(Checkpoint checkpoint) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, checkpoint.config().toString());
      for (String name : new TreeSet<>(checkpoint.names())) {
        add(digest, checkpoint.info(name).toString());
      }
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void add(MessageDigest digest, String part) {
    digest.update(part.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) '\n');
  }
}
