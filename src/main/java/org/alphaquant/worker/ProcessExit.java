package org.alphaquant.worker;

/** Ends this process with a status. */
interface ProcessExit {
  void exit(int status);

  /** Shuts down in order; from a thread of its own, as the shutdown waits for the caller's work. */
  static ProcessExit ofThisProcess() {
    return status -> new Thread(() -> System.exit(status), "process-exit").start();
  }
}
