package org.alphaquant.worker;

/** Exits this process. */
interface ProcessExit {
  void exit(int status);

  /** Shuts down gracefully, on a new thread because the shutdown waits for the caller's work. */
  static ProcessExit ofThisProcess() {
    return status -> new Thread(() -> System.exit(status), "process-exit").start();
  }
}
