package org.alphaquant.runner.child;

import org.alphaquant.runner.wire.Message;

/** The current unit of work and the number of units so far. Another thread reads it. */
final class Unit {
  private volatile String name = "starting";
  private volatile long count;

  /** Begins a unit. Called only by the working thread. */
  void begin(String next) {
    name = next;
    again();
  }

  /** Begins another unit of the same name. */
  void again() {
    count = count + 1;
  }

  Message.Alive alive() {
    return new Message.Alive(name, count);
  }
}
