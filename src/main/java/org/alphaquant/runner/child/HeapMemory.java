package org.alphaquant.runner.child;

import com.sun.jna.Function;

/** Gives memory that nobody uses back to the system between two pieces of work. */
final class HeapMemory {
  private HeapMemory() {}

  static void giveBack() {
    System.gc();
    try {
      // glibc keeps what was freed unless it is asked.
      Function.getFunction("c", "malloc_trim").invokeInt(new Object[] {0L});
    } catch (LinkageError otherLibrary) {
      // Other C libraries give back by themselves.
    }
  }
}
