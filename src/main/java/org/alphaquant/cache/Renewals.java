package org.alphaquant.cache;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renews the leases that this process holds on a cache, until they are released. */
final class Renewals implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Renewals.class);

  private final Duration lease;
  private final Map<Held, BooleanSupplier> renewals = new ConcurrentHashMap<>();
  private final ScheduledExecutorService clock;

  Renewals(Duration lease) {
    this.lease = lease;
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "cache-leases");
              thread.setDaemon(true);
              return thread;
            });
    long every = Math.max(1, lease.toMillis() / 3);
    clock.scheduleWithFixedDelay(this::renew, every, every, TimeUnit.MILLISECONDS);
  }

  /** A lease that is held. */
  final class Held implements AutoCloseable {
    private final Runnable release;
    private volatile long heldUntil = System.nanoTime() + lease.toNanos();
    private volatile boolean lost;

    private Held(Runnable release) {
      this.release = release;
    }

    /** Whether the lease has expired, so that another process may hold it. */
    boolean isLost() {
      return lost || System.nanoTime() - heldUntil > 0;
    }

    @Override
    public void close() {
      renewals.remove(this);
      try {
        release.run();
      } catch (RuntimeException databaseAway) {
        log.debug("a lease is left to expire", databaseAway);
      }
    }
  }

  /**
   * Renews a lease that was just taken.
   *
   * @param renew false where it was lost
   */
  Held keep(BooleanSupplier renew, Runnable release) {
    Held held = new Held(release);
    renewals.put(held, renew);
    return held;
  }

  private void renew() {
    renewals.forEach(this::renew);
  }

  private void renew(Held held, BooleanSupplier renewal) {
    try {
      long now = System.nanoTime();
      if (renewal.getAsBoolean()) {
        held.heldUntil = now + lease.toNanos();
      } else {
        held.lost = true;
      }
    } catch (RuntimeException databaseAway) {
      log.debug("a lease could not be renewed", databaseAway);
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
