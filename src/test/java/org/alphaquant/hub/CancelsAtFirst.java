package org.alphaquant.hub;

import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;

/** Cancels a transfer once it has told of itself. */
public final class CancelsAtFirst implements DownloadObserver {

  private boolean told;

  @Override
  public void progress(DownloadProgress progress) {
    told = true;
  }

  @Override
  public void ensureWanted() {
    if (told) {
      throw new IllegalStateException("cancelled");
    }
  }
}
