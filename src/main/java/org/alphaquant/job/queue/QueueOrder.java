package org.alphaquant.job.queue;

import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/**
 * Positions in the queue. The order is cached for fifty times as long as reading it took, at most
 * for two seconds, so that reading a long queue for every response cannot overload the database.
 */
final class QueueOrder {
  private static final int SHORT = 200;
  private static final int REST = 50;
  private static final long MAX_AGE_NANOS = 2_000_000_000L;

  private static final Comparator<WaitingRows.Place> CLAIM_ORDER =
      Comparator.comparing(WaitingRows.Place::getPriority, Comparator.reverseOrder())
          .thenComparing(WaitingRows.Place::getCreatedAt)
          // PostgreSQL compares UUIDs by their bytes, like their text.
          .thenComparing(place -> place.getId().toString());

  private final Supplier<List<WaitingRows.Place>> queue;
  private List<WaitingRows.Place> kept = List.of();
  private long freshUntil = System.nanoTime();

  QueueOrder(Supplier<List<WaitingRows.Place>> queue) {
    this.queue = queue;
  }

  /** Number of queued jobs that are claimed before this one. */
  int ahead(WaitingRows.Place job) {
    List<WaitingRows.Place> now = queue();
    int low = 0;
    int high = now.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (CLAIM_ORDER.compare(now.get(middle), job) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // One thread reads the order for all that wait for it.
  private synchronized List<WaitingRows.Place> queue() {
    long start = System.nanoTime();
    if (kept.size() <= SHORT || start - freshUntil > 0) {
      kept = List.copyOf(queue.get());
      long end = System.nanoTime();
      freshUntil = end + Math.min(MAX_AGE_NANOS, REST * (end - start));
    }
    return kept;
  }
}
