package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** The memory of processes as Linux reports it (proc(5)). */
final class ProcessMemory {
  private static final int KIBIBYTE = 1024;
  private static final List<String> COUNTED = List.of("RssAnon:", "RssShmem:");

  private ProcessMemory() {}

  /**
   * Bytes of anonymous and shared memory that a process holds, without the pages of mapped files;
   * empty where the system does not report it or the process is gone.
   */
  static OptionalLong of(long pid) {
    try {
      long[] parts =
          Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
              .filter(line -> COUNTED.stream().anyMatch(line::startsWith))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE)
              .toArray();
      return parts.length == 0
          ? OptionalLong.empty()
          : OptionalLong.of(parts[0] + (parts.length > 1 ? parts[1] : 0));
    } catch (IOException gone) {
      return OptionalLong.empty();
    }
  }

  /** Makes the kernel kill this process first when the machine runs out of memory. */
  static void endFirst(long pid) {
    try {
      Files.writeString(Path.of("/proc", Long.toString(pid), "oom_score_adj"), "1000");
    } catch (IOException notOffered) {
      // Then only the service watches the memory.
    }
  }
}
