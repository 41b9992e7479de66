package org.alphaquant.fault;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Breaks a fleet at random, one fault after another, and repairs it after each. */
final class Chaos {
  private static final int LONGEST_PAUSE_MILLIS = 2000;

  private final Fleet fleet;
  private final Random random;
  private final Map<Fault, Integer> done = new EnumMap<>(Fault.class);

  /** What can happen to a fleet. */
  enum Fault {
    KILL,
    FREEZE,
    TERMINATE,
    CUT_THE_LINE,
    RESTART_THE_DATABASE
  }

  Chaos(Fleet fleet, Random random) {
    this.fleet = fleet;
    this.random = random;
  }

  /** Each kind of fault once in random order, then any, until the time is over. */
  void run(Duration longest) throws InterruptedException {
    long until = System.nanoTime() + longest.toNanos();
    List<Fault> faults = new java.util.ArrayList<>(List.of(Fault.values()));
    java.util.Collections.shuffle(faults, random);
    for (int i = 0; i < faults.size() || System.nanoTime() < until; i++) {
      Fault fault = i < faults.size() ? faults.get(i) : any(faults);
      strike(fault);
      done.merge(fault, 1, Integer::sum);
      fleet.repair();
      pause(random.nextInt(LONGEST_PAUSE_MILLIS));
    }
  }

  private void strike(Fault fault) throws InterruptedException {
    Fleet.Replica victim = any(fleet.replicas());
    switch (fault) {
      case KILL -> victim.process().kill();
      case TERMINATE -> victim.process().terminate();
      case FREEZE -> {
        victim.process().freeze();
        pause(1000 * random.nextInt(2 * Fleet.LEASE_SECONDS));
      }
      case CUT_THE_LINE -> {
        victim.line().fallSilent();
        pause(1000 * random.nextInt(2 * Fleet.LEASE_SECONDS));
      }
      case RESTART_THE_DATABASE -> fleet.restartDatabase();
    }
  }

  private <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private static void pause(long millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(millis);
  }

  @Override
  public String toString() {
    return done.toString().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }
}
