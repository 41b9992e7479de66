package org.alphaquant.cache;

import java.time.Duration;

/** Detects a transfer that has stalled. */
final class SpeedFloor {

  private final double least;
  private final long window;
  private long since = System.nanoTime();
  private long bytes;

  SpeedFloor(long bytesPerSecond, Duration window) {
    this.window = window.toNanos();
    this.least = bytesPerSecond * (this.window / 1e9);
  }

  /** Counts received bytes; true if a whole window had too few. */
  boolean isMissed(int count) {
    bytes += count;
    long now = System.nanoTime();
    if (now - since < window) {
      return false;
    }
    boolean missed = bytes < least;
    since = now;
    bytes = 0;
    return missed;
  }
}
