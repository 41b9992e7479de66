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
 * How runners run jobs.
 *
 * @param mode in a child process or in the worker's thread
 * @param heap Java heap of a runner; by default a quarter of the machine's memory, at most 4 GB
 * @param maxMemory limit of a runner's anonymous and shared memory, without mapped files; by
 *     default the plan's estimate plus a margin
 * @param maxJobs jobs after which a runner is replaced
 * @param maxGrowth how much more memory than after its first job a runner may hold at rest
 * @param unitTimeout time limit of one unit of work, for example a layer
 * @param silence how long a runner may go without a sign of life
 * @param startTimeout how long a runner may take to start
 * @param command words put before the runner's command line, which must exec it, for example {@code
 *     unshare,--net,--map-root-user}
 * @param options additional options of its JVM
 * @param cgroup a Linux control group with the memory controller in which this process may create
 *     groups: each runner gets its own with its limit
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

  /** Where a job's computation runs. */
  public enum Mode {
    /** In a child process, so that a malicious model file cannot crash the service. */
    PROCESS,
    /** In the service's own process, for debugging. */
    THREAD
  }

  /** The control group in which the groups of runners are created. */
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
