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

  /** At most so many threads, and no more than there are processors. */
  static int threads(int most) {
    return Math.max(1, Math.min(most, Runtime.getRuntime().availableProcessors()));
  }

  /**
   * Does the work of all items. What one of them throws is thrown here, that of the first item
   * before that of others, and what has not begun then never does.
   *
   * @param between called on the caller's thread before each item is waited for; may end the whole
   *     by throwing
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

  /** What a task gave, or threw. */
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
