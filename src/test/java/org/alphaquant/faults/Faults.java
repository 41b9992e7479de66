package org.alphaquant.faults;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.database.TcpProxy;

/** Breaks something, again and again, in an order that its seed decides. */
final class Faults {
  private static final long MILLI = 1_000_000;
  private static final long START_MILLIS = 120_000;

  private final Random random;
  private final List<ServiceProcess> replicas;
  private final List<TcpProxy> lines;
  private final RestartableDatabase database;
  private final long leaseMillis;
  private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);

  Faults(
      long seed,
      List<ServiceProcess> replicas,
      List<TcpProxy> lines,
      RestartableDatabase database,
      long leaseMillis) {
    this.random = new Random(seed);
    this.replicas = replicas;
    this.lines = lines;
    this.database = database;
    this.leaseMillis = leaseMillis;
  }

  enum Kind {
    KILL,
    TERM,
    FREEZE,
    KILL_RUNNER,
    TERM_RUNNER,
    FREEZE_RUNNER,
    CUT,
    RESTART,
    CRASH
  }

  /** How often each was done. */
  Map<Kind, Integer> done() {
    return done;
  }

  /** Goes on for so long, then mends everything. */
  void go(long millis) {
    long until = System.nanoTime() + millis * MILLI;
    // Each round has every fault once, so that also a short one leaves none out.
    while (System.nanoTime() < until) {
      awaitServing();
      List<Kind> round = new ArrayList<>(List.of(Kind.values()));
      Collections.shuffle(round, random);
      for (Kind kind : round) {
        once(kind);
        revive();
        pause(random.nextLong(200, 3000));
        revive();
      }
    }
    revive();
  }

  private void once(Kind kind) {
    ServiceProcess replica = replicas.get(random.nextInt(replicas.size()));
    done.merge(kind, 1, Integer::sum);
    switch (kind) {
      case KILL -> replica.signal("KILL");
      case TERM -> replica.signal("TERM");
      case FREEZE -> {
        replica.signal("STOP");
        pause(random.nextLong(leaseMillis / 2, leaseMillis * 3 / 2));
        replica.signal("CONT");
      }
      case KILL_RUNNER -> signalRunners(replica, "KILL");
      case TERM_RUNNER -> signalRunners(replica, "TERM");
      case FREEZE_RUNNER -> {
        List<Long> runners = replica.runners();
        runners.forEach(runner -> ServiceProcess.signal("STOP", runner));
        pause(random.nextLong(leaseMillis / 4, leaseMillis));
        runners.forEach(runner -> ServiceProcess.signal("CONT", runner));
      }
      case CUT -> {
        TcpProxy line = lines.get(random.nextInt(lines.size()));
        line.fallSilent();
        pause(random.nextLong(200, leaseMillis));
        line.recover();
      }
      case RESTART -> {
        database.stop();
        pause(random.nextLong(100, leaseMillis / 2));
        database.start();
      }
      case CRASH -> {
        database.crash();
        database.start();
      }
    }
  }

  /**
   * Waits until all serve again. Where starts are slow, faults that went on regardless would leave
   * no work to be broken.
   */
  private void awaitServing() {
    long until = System.nanoTime() + START_MILLIS * MILLI;
    while (!replicas.stream().allMatch(ServiceProcess::isServing) && System.nanoTime() < until) {
      revive();
      pause(200);
    }
  }

  private static void signalRunners(ServiceProcess replica, String name) {
    replica.runners().forEach(runner -> ServiceProcess.signal(name, runner));
  }

  /** What ended by a fault, or could not start for one, is started again. */
  void revive() {
    replicas.stream().filter(replica -> !replica.isAlive()).forEach(ServiceProcess::start);
  }

  private static void pause(long millis) {
    long until = System.nanoTime() + millis * MILLI;
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
  }
}
