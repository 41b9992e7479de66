package org.alphaquant.events;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets one thread at a time do work that many ask for. Who asks while it is done has it done once
 * more, by the thread that is at it.
 */
final class Wakes {
  private final AtomicInteger asked = new AtomicInteger();

  /** True for the one caller that must see to it that {@link #run} is called. */
  boolean add() {
    return asked.getAndIncrement() == 0;
  }

  /** Does the work until nobody has asked since. INVARIANT: only after {@link #add} was true. */
  void run(Runnable work) {
    int seen;
    do {
      seen = asked.get();
      work.run();
    } while (asked.addAndGet(-seen) != 0);
  }
}
