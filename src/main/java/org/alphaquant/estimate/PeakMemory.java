package org.alphaquant.estimate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alphaquant.torch.Torch;

/**
 * Peak memory of a run. libtorch caches GPU memory that it has allocated, so sampling after each
 * layer catches the layer's peak.
 */
public final class PeakMemory {

  /**
   * Peak bytes.
   *
   * @param process of this process
   * @param device in use on the device, by all processes; null on the CPU
   * @param estimated what {@link MemoryPlan} gave for the run's own arrays
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Peak(long process, Long device, long estimated) {}

  private final Torch torch;
  private long device;

  public PeakMemory(Torch torch) {
    this.torch = torch;
  }

  public void look() {
    torch.usedDeviceMemory().ifPresent(used -> device = Math.max(device, used));
  }

  public Peak peak(MemoryPlan plan) {
    look();
    return new Peak(process(), device == 0 ? null : device, plan.deviceBytes());
  }

  // The kernel's own high-water mark of this process; the Java heap where there is none.
  private static long process() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException notLinux) {
      return Runtime.getRuntime().totalMemory();
    }
    return Runtime.getRuntime().totalMemory();
  }
}
