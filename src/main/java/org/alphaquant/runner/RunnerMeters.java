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

/** Metrics about runners. */
final class RunnerMeters {
  private final List<RunnerPool> pools = new CopyOnWriteArrayList<>();
  private final Counter started;
  private final Map<End, Counter> lost = new EnumMap<>(End.class);

  /** How runners end unexpectedly. */
  enum End {
    /** Killed by a signal from outside. */
    KILLED,
    /** Crashed or exited. */
    CRASHED,
    /** Exceeded their memory limit. */
    MEMORY,
    /** Ended by the service: too slow, silent, or violating the protocol. */
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
              .description("Runner processes that ended during their work")
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

  /** Includes the runners of this pool. */
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
