package org.alphaquant.cache;

import java.time.Duration;
import org.alphaquant.cache.FetchException.Kind;

/** A deadline or a check for cancellation. */
public final class Patience {

  private static final long LOOK_MILLIS = 200;

  private final Runnable ensureWanted;
  private final long deadline;
  private final boolean endless;

  private Patience(Runnable ensureWanted, long deadline, boolean endless) {
    this.ensureWanted = ensureWanted;
    this.deadline = deadline;
    this.endless = endless;
  }

  /** Patience until the time is over. */
  public static Patience of(Duration longest) {
    return new Patience(() -> {}, System.nanoTime() + longest.toNanos(), false);
  }

  /** Patience as long as the check throws nothing. */
  public static Patience whileWanted(Runnable ensureWanted) {
    return new Patience(ensureWanted, 0, true);
  }

  /** The time left, at most the given. */
  public Duration within(Duration longest) {
    ensureWanted.run();
    if (endless) {
      return longest;
    }
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new FetchException(Kind.UNAVAILABLE, "no answer came in time");
    }
    return Duration.ofNanos(Math.min(left, longest.toNanos()));
  }

  /** Whether that much time is left. */
  public boolean has(Duration time) {
    return endless || deadline - System.nanoTime() > time.toNanos();
  }

  /** Waits, unless the download was cancelled. */
  public void await(Duration time) {
    long until = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < until) {
      within(time);
      try {
        Thread.sleep(Math.max(1, Math.min(LOOK_MILLIS, (until - System.nanoTime()) / 1_000_000)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FetchException(Kind.UNAVAILABLE, "the wait was interrupted", e);
      }
    }
  }
}
