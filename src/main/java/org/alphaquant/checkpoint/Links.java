package org.alphaquant.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which links in a folder may be followed. Asked each time that a file is opened or copied, because
 * a folder that others write to may have changed since it was allowed.
 */
@FunctionalInterface
public interface Links {

  /** Those of a folder that this program wrote itself. */
  Links OWN = Path::toRealPath;

  /**
   * Where a file really is.
   *
   * @throws IOException if it is not there
   * @throws RuntimeException if it is outside of what may be read
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
