package org.alphaquant.runner;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.background.Rounds;
import org.alphaquant.runner.wire.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runners of this process. A runner that finished its work normally is reused for the next job
 * on the same devices until it is due for replacement. A GPU's memory is free only after its runner
 * has ended.
 */
final class RunnerPool implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunnerPool.class);
  private static final Duration WATCH = Duration.ofMillis(100);

  private final RunnerCommand command;
  private final RunnerSettings settings;
  private final RunnerMeters meters;
  private final Map<RunnerProcess, Wear> all = new ConcurrentHashMap<>();
  private final Map<RunnerProcess, Set<String>> idle = new HashMap<>();
  private final Rounds watch = new Rounds("runner-memory", WATCH, this::watch);
  private boolean closed;

  /** Number of jobs that a runner has done, and its memory after the first one. */
  private record Wear(int jobs, long firstBytes) {}

  RunnerPool(RunnerCommand command, RunnerSettings settings, RunnerMeters meters) {
    this.command = command;
    this.settings = settings;
    this.meters = meters;
    meters.watch(this);
    watch.start();
  }

  private Duration watch() {
    all.keySet().forEach(RunnerProcess::checkMemory);
    return WATCH;
  }

  /** A runner for these devices, which may still be starting. */
  RunnerProcess take(List<String> devices) throws IOException {
    Set<String> wanted = cards(devices);
    Optional<RunnerProcess> warm = takeIdle(wanted);
    return warm.isPresent() ? warm.get() : start();
  }

  private synchronized Optional<RunnerProcess> takeIdle(Set<String> wanted) {
    Optional<RunnerProcess> found = Optional.empty();
    for (Iterator<Map.Entry<RunnerProcess, Set<String>>> it = idle.entrySet().iterator();
        it.hasNext(); ) {
      Map.Entry<RunnerProcess, Set<String>> one = it.next();
      boolean same = one.getValue().equals(wanted) && one.getKey().isAlive();
      if (same && found.isEmpty()) {
        found = Optional.of(one.getKey());
        it.remove();
      } else if (!one.getKey().isAlive() || one.getValue().stream().anyMatch(wanted::contains)) {
        it.remove();
        discard(one.getKey());
      }
    }
    return found;
  }

  /**
   * Borrows an idle runner of these devices, if there is one, for a small task that does not count
   * as a job.
   */
  synchronized Optional<RunnerProcess> borrow(List<String> devices) {
    Set<String> wanted = cards(devices);
    Optional<RunnerProcess> found =
        idle.keySet().stream()
            .filter(one -> idle.get(one).equals(wanted) && one.isAlive())
            .findFirst();
    found.ifPresent(idle::remove);
    return found;
  }

  /** Returns a borrowed runner that has finished its task. */
  synchronized void putBack(RunnerProcess runner, List<String> devices) {
    if (closed) {
      discard(runner);
      return;
    }
    runner.limitMemory(Long.MAX_VALUE);
    idle.put(runner, cards(devices));
  }

  private synchronized RunnerProcess start() throws IOException {
    if (closed) {
      throw new IOException("the service is shutting down");
    }
    RunnerProcess runner = new RunnerProcess(command, settings.heap().toBytes(), settings.group());
    all.put(runner, new Wear(0, 0));
    meters.started();
    log.debug("runner {} starts", runner.pid());
    return runner;
  }

  /**
   * Starts a runner before it is needed.
   *
   * @param first the first request to send; null for none
   */
  synchronized void warmUp(List<String> devices, Message.LoadTorch first) {
    if (closed) {
      return;
    }
    try {
      RunnerProcess runner = start();
      idle.put(runner, cards(devices));
      runner.onceReady(first);
    } catch (IOException e) {
      log.warn("No runner could be started: {}", e.getMessage());
    }
  }

  /** Returns a runner that has finished its work normally. */
  synchronized void giveBack(RunnerProcess runner, List<String> devices) {
    long bytes = runner.memory().orElse(0);
    Wear before = all.get(runner);
    Wear now = new Wear(before.jobs() + 1, before.firstBytes() == 0 ? bytes : before.firstBytes());
    if (closed || isWorn(now, bytes)) {
      log.debug("runner {} is replaced: {} jobs, {} bytes", runner.pid(), now.jobs(), bytes);
      discard(runner);
      return;
    }
    runner.output().writeTo(null);
    all.put(runner, now);
    putBack(runner, devices);
  }

  private boolean isWorn(Wear wear, long bytes) {
    return wear.jobs() >= settings.maxJobs()
        || bytes - wear.firstBytes() > settings.maxGrowth().toBytes();
  }

  /** Ends a runner. */
  void discard(RunnerProcess runner) {
    runner.close();
    all.remove(runner);
  }

  // All CPU slots are one device; a runner that has used a GPU holds memory on it.
  private static Set<String> cards(List<String> devices) {
    return new HashSet<>(devices);
  }

  /** Process ids of the live runners. */
  List<Long> pids() {
    return all.keySet().stream().map(RunnerProcess::pid).toList();
  }

  RunnerMeters meters() {
    return meters;
  }

  /** Number of live runners. */
  int alive() {
    return all.size();
  }

  synchronized int idle() {
    return idle.size();
  }

  /** Anonymous and shared memory of all runners, in bytes. */
  long memory() {
    return all.keySet().stream().mapToLong(runner -> runner.memory().orElse(0)).sum();
  }

  @Override
  public void close() {
    List<RunnerProcess> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(all.keySet());
    }
    left.forEach(this::discard);
    watch.stop();
  }
}
