package org.alphaquant.runner.child;

import com.sun.jna.Function;

/** Returns unused memory to the system between two requests. */
final class HeapMemory {
  private HeapMemory() {}

  static void giveBack() {
    System.gc();
    try {
      // glibc keeps freed memory until malloc_trim is called.
      Function.getFunction("c", "malloc_trim").invokeInt(new Object[] {0L});
    } catch (LinkageError otherLibrary) {
      // Other C libraries return memory by themselves.
    }
  }
}
