package org.alphaquant.bench;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Times that were measured, to be told by their percentiles. */
final class Latencies {
  private final Queue<Long> nanos = new ConcurrentLinkedQueue<>();

  void add(long value) {
    nanos.add(value);
  }

  void clear() {
    nanos.clear();
  }

  @Override
  public String toString() {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return "p50 %.1f ms, p99 %.1f ms, longest %.1f ms of %d"
        .formatted(at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1), sorted.length);
  }

  private static double at(long[] sorted, double fraction) {
    int index = (int) Math.ceil(fraction * sorted.length) - 1;
    return Arrays.stream(sorted).skip(Math.max(0, index)).findFirst().orElse(0) / 1e6;
  }
}
