package org.alphaquant.cache;

import java.nio.file.Path;

/**
 * A data set's file that is not deleted before this is closed.
 *
 * @param version pinned to the commit that the file is of
 * @param name its path in the data set
 * @param sha256 of its content; null for a small file, which the hub lists by git's hash
 */
public record FileInUse(
    Version version, Path path, String name, String licence, String sha256, Runnable release)
    implements AutoCloseable {

  @Override
  public void close() {
    release.run();
  }
}
