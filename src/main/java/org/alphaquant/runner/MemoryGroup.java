package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Linux control group with one runner in it, so that the kernel enforces its memory limit:
 * version 2 ({@code memory.max}) or 1 ({@code memory.limit_in_bytes}).
 */
final class MemoryGroup implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MemoryGroup.class);

  private final Path folder;
  private final boolean unified;

  private MemoryGroup(Path folder, boolean unified) {
    this.folder = folder;
    this.unified = unified;
  }

  /**
   * Moves a process into a new group.
   *
   * @param parent the group to create groups in; empty for none
   */
  static Optional<MemoryGroup> of(Optional<Path> parent, long pid) {
    return parent.flatMap(
        groups -> {
          Path folder = groups.resolve("alphaquant-runner-" + pid);
          try {
            Files.createDirectory(folder);
            boolean unified = Files.exists(folder.resolve("memory.max"));
            MemoryGroup group = new MemoryGroup(folder, unified);
            group.write("cgroup.procs", Long.toString(pid));
            return Optional.of(group);
          } catch (IOException e) {
            log.warn(
                "No control group for runner {}; only the service watches its memory: {}",
                pid,
                e.toString());
            return Optional.empty();
          }
        });
  }

  /** Sets the limit in bytes; {@link Long#MAX_VALUE} for none. */
  void limit(long bytes) {
    boolean none = bytes == Long.MAX_VALUE;
    try {
      if (unified) {
        write("memory.max", none ? "max" : Long.toString(bytes));
        write("memory.swap.max", none ? "max" : "0");
      } else {
        write("memory.limit_in_bytes", none ? "-1" : Long.toString(bytes));
      }
    } catch (IOException e) {
      log.warn("The memory limit of {} could not be changed: {}", folder, e.toString());
    }
  }

  /** Whether the kernel has killed the process for exceeding the limit. */
  boolean hasKilled() {
    String file = unified ? "memory.events" : "memory.oom_control";
    try (Stream<String> lines = Files.lines(folder.resolve(file))) {
      return lines.anyMatch(line -> line.matches("oom_kill [1-9]\\d*"));
    } catch (IOException gone) {
      return false;
    }
  }

  private void write(String file, String value) throws IOException {
    Files.writeString(folder.resolve(file), value);
  }

  /** Removes the group; call it after the process has ended. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(folder);
    } catch (IOException stillInUse) {
      log.debug("{} could not be removed: {}", folder, stillInUse.toString());
    }
  }
}
