package org.alphaquant.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group of Linux with one runner in it, so that the kernel holds its memory where it is
 * set to: of version 2 ({@code memory.max}) or 1 ({@code memory.limit_in_bytes}).
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
   * Puts a process into a group of its own.
   *
   * @param parent the group below which groups may be made; empty for none
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
                "No control group for runner {}, whose memory the service watches alone: {}",
                pid,
                e.toString());
            return Optional.empty();
          }
        });
  }

  /** Bytes from now on; {@link Long#MAX_VALUE} for no limit. */
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
      log.warn("{} keeps its limit of memory: {}", folder, e.toString());
    }
  }

  /** Whether the kernel has ended the process for its memory. */
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

  /** After the process has ended. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(folder);
    } catch (IOException stillInUse) {
      log.debug("{} stays: {}", folder, stillInUse.toString());
    }
  }
}
