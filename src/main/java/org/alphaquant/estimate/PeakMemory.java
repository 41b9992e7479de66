package org.alphaquant.estimate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.alphaquant.torch.Torch;

/**
 * Peak memory of a run. libtorch caches GPU memory that it has allocated, so sampling after each
 * layer catches the layer's peak.
 */
public final class PeakMemory {

  /**
   * Peak bytes.
   *
   * @param process of this process, pages of mapped files counted
   * @param own of this process without such pages, which the kernel may reclaim; sampled after each
   *     layer, null where the system does not report it
   * @param device in use on the fullest device, by all processes; null on the CPU
   * @param estimated {@link MemoryPlan}'s estimate of the run's own arrays
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Peak(long process, Long own, Long device, long estimated) {}

  private final List<Torch> devices;
  private long device;
  private long own;

  public PeakMemory(List<Torch> devices) {
    this.devices = devices;
  }

  public void look() {
    long locked = devices.stream().mapToLong(Torch::lockedHostMemory).sum();
    own = Math.max(own, status("RssAnon:").orElse(locked) - locked);
    for (Torch torch : devices) {
      torch.usedDeviceMemory().ifPresent(used -> device = Math.max(device, used));
    }
  }

  public Peak peak(MemoryPlan plan) {
    look();
    return new Peak(
        process(), own == 0 ? null : own, device == 0 ? null : device, plan.deviceBytes());
  }

  // The kernel's own high-water mark of this process; the Java heap where there is none.
  private static long process() {
    return status("VmHWM:").orElse(Runtime.getRuntime().totalMemory());
  }

  private static OptionalLong status(String name) {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException notLinux) {
      return OptionalLong.empty();
    }
  }
}
