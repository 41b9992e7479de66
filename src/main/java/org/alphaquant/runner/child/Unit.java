package org.alphaquant.runner.child;

import org.alphaquant.runner.wire.Message;

/** The unit of work under way, and how many there were. Read by the thread that tells of it. */
final class Unit {
  private volatile String name = "starting";
  private volatile long count;

  /** Another one begins. Called by the working thread alone. */
  void begin(String next) {
    name = next;
    again();
  }

  /** Another one of the same name begins. */
  void again() {
    count = count + 1;
  }

  Message.Alive alive() {
    return new Message.Alive(name, count);
  }
}
