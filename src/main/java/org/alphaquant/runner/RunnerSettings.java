package org.alphaquant.runner;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How jobs are run.
 *
 * @param mode in a process of its own, or in the worker's thread
 * @param heap a runner's Java heap; a quarter of the machine's memory, at most 4 GB, where not set
 * @param maxMemory anonymous and shared memory of a runner, mapped files not counted; what the
 *     job's plan says and a margin where not set
 * @param maxJobs jobs after which a runner is replaced
 * @param maxGrowth how much more memory than after its first job a runner may hold at rest
 * @param unitTimeout longest time of one unit of work, a layer say
 * @param silence how long a runner may give no sign of life
 * @param startTimeout how long a runner may take to start
 * @param command words before the runner's own command line, which they must execute in their own
 *     process: {@code unshare,--net,--map-root-user} for example
 * @param options further options of its JVM
 * @param cgroup a control group of Linux that this process may make others below, with the memory
 *     controller: each runner gets one with its limit
 */
@ConfigurationProperties("alphaquant.runner")
public record RunnerSettings(
    @DefaultValue("process") Mode mode,
    DataSize heap,
    DataSize maxMemory,
    @DefaultValue("50") int maxJobs,
    @DefaultValue("1GB") DataSize maxGrowth,
    @DefaultValue("2h") Duration unitTimeout,
    @DefaultValue("60s") Duration silence,
    @DefaultValue("60s") Duration startTimeout,
    @DefaultValue List<String> command,
    @DefaultValue List<String> options,
    String cgroup) {

  private static final DataSize LARGEST_HEAP = DataSize.ofGigabytes(4);
  private static final DataSize SMALLEST = DataSize.ofMegabytes(64);

  public RunnerSettings {
    heap = heap == null ? defaultHeap() : heap;
    command = List.copyOf(command);
    options = List.copyOf(options);
    atLeast("heap", heap, SMALLEST);
    if (maxMemory != null) {
      atLeast("max-memory", maxMemory, SMALLEST);
    }
    if (maxJobs < 1) {
      throw new IllegalArgumentException(
          "alphaquant.runner.max-jobs is %d but must be at least 1".formatted(maxJobs));
    }
  }

  /** Where the numerics of a job run. */
  public enum Mode {
    /** In a child process: nothing in a model's files can hurt the service. */
    PROCESS,
    /** In the service's own process, for debugging. */
    THREAD
  }

  /** The control group that each runner's is made in. */
  Optional<Path> group() {
    return cgroup == null || cgroup.isBlank() ? Optional.empty() : Optional.of(Path.of(cgroup));
  }

  static long machineMemory() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  private static DataSize defaultHeap() {
    long quarter = Math.max(machineMemory() / 4, DataSize.ofMegabytes(512).toBytes());
    return DataSize.ofBytes(Math.min(quarter, LARGEST_HEAP.toBytes()));
  }

  private static void atLeast(String name, DataSize size, DataSize least) {
    if (size.compareTo(least) < 0) {
      throw new IllegalArgumentException(
          "alphaquant.runner.%s is %s but must be at least %s".formatted(name, size, least));
    }
  }
}
