package org.alphaquant.cache;

/**
 * Receives the progress of a download and can cancel it. Called about every second by the thread
 * that started the download.
 */
public interface DownloadObserver {

  void progress(DownloadProgress progress);

  /** Throws an exception to cancel the download. */
  void ensureWanted();

  /** Ignores the progress and never cancels. */
  DownloadObserver NONE =
      new DownloadObserver() {
        @Override
        public void progress(DownloadProgress progress) {}

        @Override
        public void ensureWanted() {}
      };
}
