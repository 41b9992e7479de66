package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.alphaquant.checkpoint.CheckpointException.Kind;

/**
 * A file of a checkpoint.
 *
 * @param name its name within the folder
 * @param bytes its length
 * @param sha256 the SHA-256 of its content, 64 lower-case hexadecimal digits
 */
public record WrittenFile(String name, long bytes, String sha256) {

  private static final int CHUNK = 1 << 20;

  /** Describes a file that exists, reading it once. */
  public static WrittenFile of(Path file) {
    MessageDigest digest = newDigest();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long bytes = 0;
      while (channel.read(chunk) >= 0) {
        bytes += chunk.flip().remaining();
        digest.update(chunk);
        chunk.clear();
      }
      return of(file.getFileName().toString(), bytes, digest);
    } catch (IOException unreadable) {
      throw CheckpointException.of(
          Kind.UNREADABLE, file, "cannot be read: " + unreadable, unreadable);
    }
  }

  static WrittenFile of(String name, long bytes, MessageDigest digest) {
    return new WrittenFile(name, bytes, HexFormat.of().formatHex(digest.digest()));
  }

  static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
