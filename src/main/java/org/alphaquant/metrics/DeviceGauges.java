package org.alphaquant.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.device.DeviceInventory;

/** Memory of the devices that this process runs jobs on. */
final class DeviceGauges implements MeterBinder {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final String GPU = "cuda:";

  private final Set<ComputeDevice> devices;
  private final Cached<List<Long>> used =
      new Cached<>(SOON, DeviceInventory::usedMemoryOfGpus, List.of());

  DeviceGauges(List<ComputeDevice> slots) {
    this.devices = new LinkedHashSet<>(slots);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (ComputeDevice device : devices) {
      gauge(registry, device, "total", device::memoryBytes);
      if (device.name().startsWith(GPU)) {
        int index = Integer.parseInt(device.name().substring(GPU.length()));
        gauge(registry, device, "used", () -> used(index));
      }
    }
  }

  private Number used(int index) {
    List<Long> bytes = used.get();
    return index < bytes.size() ? (Number) bytes.get(index) : Double.NaN;
  }

  private static void gauge(
      MeterRegistry registry, ComputeDevice device, String kind, Supplier<Number> bytes) {
    Gauge.builder("alphaquant.device.memory", bytes)
        .description("Memory of a device; used by whatever program")
        .baseUnit("bytes")
        .tag("device", device.name())
        .tag("kind", kind)
        .register(registry);
  }
}
