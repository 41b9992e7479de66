package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which links in a folder may be followed. Checked each time that a file is opened or copied,
 * because the folder may have changed since the last check.
 */
@FunctionalInterface
public interface Links {

  /** Those of a folder that this program wrote itself. */
  Links OWN = Path::toRealPath;

  /**
   * The real path of a file.
   *
   * @throws IOException if it does not exist
   * @throws RuntimeException if it lies outside the permitted folders
   */
  Path real(Path file) throws IOException;

  /** Opens a file for reading; a link that replaced it after the check is not followed. */
  default FileChannel open(Path file) throws IOException {
    return FileChannel.open(real(file), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The text of a small file, opened as {@link #open} does.
   *
   * @param most bytes that it may have
   * @throws IOException if it has more, or is not UTF-8
   */
  default String text(Path file, long most) throws IOException {
    try (FileChannel channel = open(file)) {
      if (channel.size() > most) {
        throw new IOException(
            "%s has %,d bytes, over the limit of %,d"
                .formatted(file.getFileName(), channel.size(), most));
      }
      byte[] bytes = Channels.newInputStream(channel).readAllBytes();
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  }

  /** Copies a file, as {@link #open} opens it. */
  default void copy(Path file, Path target) throws IOException {
    try (var bytes = Files.newInputStream(real(file), LinkOption.NOFOLLOW_LINKS)) {
      Files.copy(bytes, target);
    }
  }
}
