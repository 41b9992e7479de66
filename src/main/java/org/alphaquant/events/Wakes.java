package org.alphaquant.events;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets one thread at a time do work that many threads request. A request during the work makes the
 * same thread repeat it.
 */
final class Wakes {
  private final AtomicInteger asked = new AtomicInteger();

  /** Returns true to the caller that must call {@link #run}. */
  boolean add() {
    return asked.getAndIncrement() == 0;
  }

  /**
   * Repeats the work until no request came in the meantime. INVARIANT: only after {@link #add} was
   * true.
   */
  void run(Runnable work) {
    int seen;
    do {
      seen = asked.get();
      work.run();
    } while (asked.addAndGet(-seen) != 0);
  }
}
