package org.alphaquant.runner;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Counts what happens to runners. */
final class RunnerMeters {
  private final List<RunnerPool> pools = new CopyOnWriteArrayList<>();
  private final Counter started;
  private final Map<End, Counter> lost = new EnumMap<>(End.class);

  /** How runners end that were not told to. */
  enum End {
    /** By a signal from outside. */
    KILLED,
    /** By themselves. */
    CRASHED,
    /** For their memory. */
    MEMORY,
    /** For their time or silence, or for what they sent. */
    STOPPED
  }

  RunnerMeters(MeterRegistry registry) {
    gauge(registry, "busy", () -> sum(pool -> pool.alive() - pool.idle()));
    gauge(registry, "idle", () -> sum(RunnerPool::idle));
    Gauge.builder("alphaquant.runner.memory", () -> sum(RunnerPool::memory))
        .description("Anonymous and shared memory of all runner processes")
        .baseUnit("bytes")
        .register(registry);
    started =
        Counter.builder("alphaquant.runners.started")
            .description("Runner processes that were started")
            .register(registry);
    for (End end : End.values()) {
      lost.put(
          end,
          Counter.builder("alphaquant.runners.lost")
              .description("Runner processes that ended in the middle of their work")
              .tag("reason", end.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  private static void gauge(MeterRegistry registry, String state, Supplier<Number> value) {
    Gauge.builder("alphaquant.runners", value)
        .description("Runner processes")
        .tag("state", state)
        .register(registry);
  }

  private long sum(ToLongFunction<RunnerPool> value) {
    return pools.stream().mapToLong(value).sum();
  }

  /** Counts the runners of that pool too. */
  void watch(RunnerPool pool) {
    pools.add(pool);
  }

  void started() {
    started.increment();
  }

  void lost(End end) {
    lost.get(end).increment();
  }
}
