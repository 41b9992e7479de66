package org.alphaquant.hub;

import java.time.Duration;
import org.alphaquant.hub.HubException.Kind;

/** How long somebody waits for the hub, and when they stop wanting what they asked for. */
final class Patience {

  private static final long LOOK_MILLIS = 200;

  private final Runnable ensureWanted;
  private final long deadline;
  private final boolean endless;

  private Patience(Runnable ensureWanted, long deadline, boolean endless) {
    this.ensureWanted = ensureWanted;
    this.deadline = deadline;
    this.endless = endless;
  }

  /** Until the time is over. */
  static Patience of(Duration longest) {
    return new Patience(() -> {}, System.nanoTime() + longest.toNanos(), false);
  }

  /** As long as the check throws nothing. */
  static Patience whileWanted(Runnable ensureWanted) {
    return new Patience(ensureWanted, 0, true);
  }

  /** Time that is left, and no more than the longest given. */
  Duration within(Duration longest) {
    ensureWanted.run();
    if (endless) {
      return longest;
    }
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new HubException(Kind.UNAVAILABLE, "the hub did not answer in time");
    }
    return Duration.ofNanos(Math.min(left, longest.toNanos()));
  }

  /** Whether so much time is left. */
  boolean has(Duration time) {
    return endless || deadline - System.nanoTime() > time.toNanos();
  }

  /** Waits, unless what was asked for is not wanted any more. */
  void await(Duration time) {
    long until = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < until) {
      within(time);
      try {
        Thread.sleep(Math.max(1, Math.min(LOOK_MILLIS, (until - System.nanoTime()) / 1_000_000)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HubException(Kind.UNAVAILABLE, "waiting for the hub was broken off", e);
      }
    }
  }
}
