package org.alphaquant.run;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
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
    forEach(threads, items, work, between, ExecutorService::shutdownNow);
  }

  /** The same for work that reads files, which an interrupt would close: it ends by itself. */
  static <T> void uninterrupted(int threads, List<T> items, Consumer<T> work, Runnable between) {
    AtomicBoolean ended = new AtomicBoolean();
    Consumer<T> unlessEnded =
        item -> {
          if (!ended.get()) {
            work.accept(item);
          }
        };
    forEach(
        threads,
        items,
        unlessEnded,
        between,
        pool -> {
          ended.set(true);
          pool.shutdown();
        });
  }

  private static <T> void forEach(
      int threads,
      List<T> items,
      Consumer<T> work,
      Runnable between,
      Consumer<ExecutorService> end) {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<? extends Future<?>> futures =
          items.stream().map(item -> pool.submit(() -> work.accept(item))).toList();
      for (Future<?> future : futures) {
        between.run();
        await(future);
      }
    } finally {
      end.accept(pool);
    }
  }

  /**
   * Processes all items and waits until every thread has ended. The first exception, in time, is
   * rethrown; on one thread the caller's own does the work.
   *
   * @param failed called at the first exception, so that the others can end early
   */
  static <T> void all(int threads, List<T> items, Consumer<T> work, Runnable failed) {
    if (threads == 1) {
      items.forEach(work);
      return;
    }
    AtomicReference<Throwable> first = new AtomicReference<>();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      items.stream()
          .<Future<?>>map(item -> pool.submit(() -> tried(item, work, first, failed)))
          .toList()
          .forEach(InOrder::await);
    } catch (RuntimeException interrupted) {
      first.compareAndSet(null, interrupted);
      failed.run();
    } finally {
      ended(pool);
    }
    if (first.get() instanceof RuntimeException failure) {
      throw failure;
    }
    if (first.get() instanceof Error error) {
      throw error;
    }
  }

  private static void ended(ExecutorService pool) {
    pool.shutdown();
    boolean interrupted = Thread.interrupted();
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> void tried(
      T item, Consumer<T> work, AtomicReference<Throwable> first, Runnable failed) {
    if (first.get() != null) {
      return;
    }
    try {
      work.accept(item);
    } catch (RuntimeException | Error failure) {
      first.compareAndSet(null, failure);
      failed.run();
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
