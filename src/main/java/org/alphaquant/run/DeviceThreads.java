package org.alphaquant.run;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.alphaquant.quantize.DeviceGroup;
import org.alphaquant.quantize.Rank;
import org.alphaquant.torch.Torch;

/** One thread for each device of a group; the caller's own drives the first. */
final class DeviceThreads {

  private DeviceThreads() {}

  /** Runs the same work on all devices. The first exception ends all of them and is rethrown. */
  static void run(List<Torch> devices, BiConsumer<Torch, Rank> work) {
    DeviceGroup group = new DeviceGroup(devices.size());
    List<Thread> others = new ArrayList<>();
    for (int i = 1; i < devices.size(); i++) {
      Torch device = devices.get(i);
      Rank rank = group.rank(i);
      Thread thread = new Thread(() -> guarded(group, work, device, rank), device.device());
      thread.start();
      others.add(thread);
    }
    guarded(group, work, devices.get(0), group.rank(0));
    others.forEach(DeviceThreads::join);
    group.requireWhole();
  }

  private static void guarded(
      DeviceGroup group, BiConsumer<Torch, Rank> work, Torch device, Rank rank) {
    try {
      work.accept(device, rank);
    } catch (RuntimeException | Error failure) {
      group.fail(failure);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while another device computes", e);
    }
  }
}
