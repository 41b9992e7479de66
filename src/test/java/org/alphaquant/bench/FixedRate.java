package org.alphaquant.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends requests at their times whether or not earlier ones are answered, and counts from when a
 * request was due: a service that stalls is charged for everybody who would have waited.
 */
final class FixedRate {
  private static final int THREADS = 64;

  private FixedRate() {}

  static Latencies run(int perSecond, int seconds, Runnable request)
      throws InterruptedException, ExecutionException {
    Latencies latencies = new Latencies();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> sent = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < perSecond * seconds; i++) {
        long due = start + i * 1_000_000_000L / perSecond;
        LockSupport.parkNanos(due - System.nanoTime());
        sent.add(
            threads.submit(
                () -> {
                  request.run();
                  latencies.add(System.nanoTime() - due);
                }));
      }
      for (Future<?> one : sent) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    return latencies;
  }
}
