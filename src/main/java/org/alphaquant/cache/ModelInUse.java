package org.alphaquant.cache;

import java.nio.file.Path;

/**
 * A model's folder that is not deleted before this is closed.
 *
 * @param version pinned to the commit that the folder holds
 * @param licence as the hub names it; null where the hub was not asked or names none
 */
public record ModelInUse(Version version, Path folder, String licence, Runnable release)
    implements AutoCloseable {

  @Override
  public void close() {
    release.run();
  }
}
