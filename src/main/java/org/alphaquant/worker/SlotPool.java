package org.alphaquant.worker;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.alphaquant.device.ComputeDevice;

/** The free device slots. Only the claim loop acquires them; any thread releases them. */
final class SlotPool {
  private final List<ComputeDevice> all;
  private final List<ComputeDevice> free;

  SlotPool(List<ComputeDevice> all) {
    this.all = List.copyOf(all);
    this.free = new ArrayList<>(all);
  }

  synchronized List<ComputeDevice> free() {
    return List.copyOf(free);
  }

  List<ComputeDevice> all() {
    return all;
  }

  /**
   * Takes the smallest sufficient devices, so that larger ones stay free for jobs that need them.
   */
  synchronized List<ComputeDevice> take(int devices, long memoryBytes) {
    List<ComputeDevice> taken =
        free.stream()
            .filter(slot -> slot.memoryBytes() >= memoryBytes)
            .sorted(Comparator.comparingLong(ComputeDevice::memoryBytes))
            .limit(devices)
            .toList();
    if (taken.size() < devices) {
      throw new IllegalStateException(
          "claimed a job for %d devices of %d bytes with %s free"
              .formatted(devices, memoryBytes, free));
    }
    // One by one, because two slots of the same device are equal.
    taken.forEach(free::remove);
    return taken;
  }

  synchronized void giveBack(List<ComputeDevice> slots) {
    free.addAll(slots);
  }

  /** Memory of each slot, formatted for the claim statement. */
  static String memory(List<ComputeDevice> slots) {
    return slots.stream()
        .map(slot -> Long.toString(slot.memoryBytes()))
        .sorted()
        .collect(Collectors.joining(","));
  }
}
