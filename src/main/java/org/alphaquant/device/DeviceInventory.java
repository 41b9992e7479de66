package org.alphaquant.device;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the compute devices of this machine. */
public final class DeviceInventory {
  private static final Logger log = LoggerFactory.getLogger(DeviceInventory.class);

  private DeviceInventory() {}

  /** The CPU, with the memory of the machine or container. */
  public static ComputeDevice cpu() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new ComputeDevice("cpu", system.getTotalMemorySize());
  }

  /**
   * The GPUs of this machine that the installed libtorch can use, by index. Empty with a CPU build
   * of libtorch.
   *
   * @param cuda called only if the machine has GPUs
   */
  public static List<ComputeDevice> gpus(CudaCheck cuda) {
    List<Long> memory = memoryOfGpus("memory.total");
    if (memory.isEmpty() || !cuda.usable()) {
      return List.of();
    }
    List<ComputeDevice> gpus = new ArrayList<>();
    for (long bytes : memory) {
      gpus.add(new ComputeDevice("cuda:" + gpus.size(), bytes));
    }
    return gpus;
  }

  /**
   * Bytes in use on each GPU by all programs, in the order of {@link #gpus}; empty without a
   * driver.
   */
  public static List<Long> usedMemoryOfGpus() {
    return memoryOfGpus("memory.used");
  }

  /**
   * Memory of the GPUs in bytes.
   *
   * @param which a field of nvidia-smi whose unit is MiB
   */
  private static List<Long> memoryOfGpus(String which) {
    List<String> lines;
    try {
      lines = nvidiaSmi(which);
    } catch (IOException noDriver) {
      log.debug("No NVIDIA driver: {}", noDriver.getMessage());
      return List.of();
    }
    return NvidiaSmi.memoryOfVisible(lines, System.getenv("CUDA_VISIBLE_DEVICES"));
  }

  private static List<String> nvidiaSmi(String memory) throws IOException {
    Process process =
        new ProcessBuilder(
                "nvidia-smi", "--query-gpu=index,uuid," + memory, "--format=csv,noheader,nounits")
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    try (var output = process.getInputStream()) {
      String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException("nvidia-smi: " + text.strip());
      }
      return text.lines().toList();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
