package org.alphaquant.cache;

/** Who wants a download. Called by the thread that asked for it, about every second. */
public interface DownloadObserver {

  void progress(DownloadProgress progress);

  /** Throws what is to end the download when it is not wanted any more. */
  void ensureWanted();

  /** Nobody in particular. */
  DownloadObserver NONE =
      new DownloadObserver() {
        @Override
        public void progress(DownloadProgress progress) {}

        @Override
        public void ensureWanted() {}
      };
}
