package org.alphaquant.run;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Independent pieces of work on several threads, waited for in their order. */
final class InOrder {

  private InOrder() {}

  /** A pool of at most this many threads, and at most one per processor. */
  static int threads(int most) {
    return Math.max(1, Math.min(most, Runtime.getRuntime().availableProcessors()));
  }

  /**
   * Processes all items. The exception of the first failing item is rethrown, and items that have
   * not started are skipped.
   *
   * @param between called on the caller's thread before each item is awaited; throws to cancel
   */
  static <T> void forEach(int threads, List<T> items, Consumer<T> work, Runnable between) {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<? extends Future<?>> futures =
          items.stream().map(item -> pool.submit(() -> work.accept(item))).toList();
      for (Future<?> future : futures) {
        between.run();
        await(future);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  /** The result of a task, or its exception. */
  static <T> T await(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a thread of the run", e);
    }
  }
}
