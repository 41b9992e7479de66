package org.alphaquant.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Optional;
import org.alphaquant.worker.Worker;

/** Device slots of this process; none where it runs no jobs. */
final class SlotGauges implements MeterBinder {

  private final Optional<Worker> worker;

  SlotGauges(Optional<Worker> worker) {
    this.worker = worker;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("alphaquant.worker.slots", this, SlotGauges::free)
        .description("Device slots of this process")
        .tag("state", "free")
        .register(registry);
    Gauge.builder("alphaquant.worker.slots", this, SlotGauges::busy)
        .description("Device slots of this process")
        .tag("state", "busy")
        .register(registry);
  }

  private double free() {
    return worker.map(Worker::freeSlots).orElse(0);
  }

  private double busy() {
    return worker.map(it -> it.slots().size() - it.freeSlots()).orElse(0);
  }
}
