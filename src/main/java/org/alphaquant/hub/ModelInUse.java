package org.alphaquant.hub;

import java.nio.file.Path;

/**
 * A model's folder that nobody deletes until this is closed.
 *
 * @param reference pinned to the commit that the folder holds
 * @param licence as the hub says it; null where it was not asked or says none
 */
public record ModelInUse(HubReference reference, Path folder, String licence, Runnable release)
    implements AutoCloseable {

  @Override
  public void close() {
    release.run();
  }
}
