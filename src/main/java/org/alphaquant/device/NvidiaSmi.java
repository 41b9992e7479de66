package org.alphaquant.device;

import java.util.ArrayList;
import java.util.List;

/** Reads lines of {@code nvidia-smi --query-gpu=index,uuid,memory.x}, memory in MiB. */
final class NvidiaSmi {
  private static final long MEBIBYTE = 1L << 20;

  private NvidiaSmi() {}

  /**
   * Memory in bytes of the GPUs that are visible to this process, in CUDA's order. CUDA ignores
   * everything after the first invalid entry.
   *
   * @param visible the value of CUDA_VISIBLE_DEVICES; null if not set
   */
  static List<Long> memoryOfVisible(List<String> lines, String visible) {
    List<Gpu> gpus = lines.stream().filter(line -> line.contains(",")).map(Gpu::parse).toList();
    if (visible == null) {
      return gpus.stream().map(Gpu::memoryBytes).toList();
    }
    List<Long> shown = new ArrayList<>();
    for (String name : visible.split(",")) {
      var gpu = gpus.stream().filter(it -> it.isNamed(name.strip())).findFirst();
      if (gpu.isEmpty()) {
        break;
      }
      shown.add(gpu.get().memoryBytes());
    }
    return shown;
  }

  private record Gpu(String index, String uuid, long memoryBytes) {
    static Gpu parse(String line) {
      String[] fields = line.split("\\s*,\\s*");
      return new Gpu(fields[0].strip(), fields[1], Long.parseLong(fields[2].strip()) * MEBIBYTE);
    }

    boolean isNamed(String name) {
      return !name.isEmpty() && (name.equals(index) || uuid.startsWith(name));
    }
  }
}
