package org.alphaquant.cache;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes of a download; many threads add, one reads. */
public final class Progress {

  private final long total;
  private final long start = System.nanoTime();
  private final AtomicLong there = new AtomicLong();
  private final AtomicLong fetched = new AtomicLong();

  public Progress(long total) {
    this.total = total;
  }

  /** Bytes received over the network. */
  public void fetched(long count) {
    there.addAndGet(count);
    fetched.addAndGet(count);
  }

  /** Bytes that were on disk already; negative for bytes to be downloaded again. */
  void found(long count) {
    there.addAndGet(count);
  }

  public DownloadProgress now() {
    double seconds = (System.nanoTime() - start) / 1e9;
    long done = Math.min(total, Math.max(0, there.get()));
    double rate = seconds > 0 ? fetched.get() / seconds : 0;
    Long remaining = rate >= 1 ? Long.valueOf(Math.round((total - done) / rate)) : null;
    return new DownloadProgress(done, total, rate, remaining);
  }
}
