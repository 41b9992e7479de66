package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
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
   * @throws IOException if it does not exist @throws RuntimeException if it lies outside the
   *     permitted folders
   */
  Path real(Path file) throws IOException;

  /** Opens a file for reading; a link that replaced it after the check is not followed. */
  default FileChannel open(Path file) throws IOException {
    return FileChannel.open(real(file), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  }

  /** Copies a file, as {@link #open} opens it. */
  default void copy(Path file, Path target) throws IOException {
    try (var bytes = Files.newInputStream(real(file), LinkOption.NOFOLLOW_LINKS)) {
      Files.copy(bytes, target);
    }
  }
}
