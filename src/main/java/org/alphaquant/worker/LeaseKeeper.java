package org.alphaquant.worker;

import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.alphaquant.job.DatabaseAway;
import org.alphaquant.job.Notifications;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Renews the leases of this process, on one platform thread and connections of its own, so that
 * neither a busy pool nor a busy carrier thread can cost a lease.
 */
final class LeaseKeeper implements Notifications.Listener {
  private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);

  private final LeaseRenewal renewal;
  private final WorkerSettings settings;
  private final StuckJobs stuckJobs;
  private final Set<Lease> leases = ConcurrentHashMap.newKeySet();
  private final Semaphore wake = new Semaphore(0);
  private volatile boolean running;
  private Thread thread;

  LeaseKeeper(LeaseRenewal renewal, WorkerSettings settings, StuckJobs stuckJobs) {
    this.renewal = renewal;
    this.settings = settings;
    this.stuckJobs = stuckJobs;
  }

  void start() {
    running = true;
    thread = new Thread(this::keep, "lease-keeper");
    thread.setDaemon(true);
    thread.start();
  }

  void stop() {
    running = false;
    wake.release();
  }

  void add(Lease lease) {
    leases.add(lease);
  }

  void remove(Lease lease) {
    leases.remove(lease);
  }

  void drain() {
    leases.forEach(lease -> lease.drain(settings.drainGrace()));
  }

  private void keep() {
    while (running) {
      boolean reached = renewAll();
      leases.stream()
          .filter(lease -> lease.isStuck(settings.cancelDeadline()))
          .forEach(stuckJobs::end);
      await(reached ? settings.renewEvery().toMillis() : 500);
    }
  }

  /** Renews each lease once; false if the database could not be reached. */
  private boolean renewAll() {
    for (Lease lease : leases) {
      try {
        renew(lease);
      } catch (DataAccessException e) {
        log.warn("Leases cannot be renewed: {}", DatabaseAway.reason(e));
        return false;
      } catch (RuntimeException e) {
        // A keeper whose loop has ended would let every later job's lease run out.
        log.error("A lease could not be renewed", e);
        return false;
      }
    }
    return true;
  }

  private void renew(Lease lease) {
    long askedAt = System.nanoTime();
    Optional<Boolean> cancelAsked =
        renewal.renew(lease.jobId(), lease.epoch(), settings.leaseSeconds());
    if (cancelAsked.isEmpty()) {
      lease.lose();
      return;
    }
    lease.renewed(askedAt);
    if (cancelAsked.get()) {
      lease.cancel();
    }
  }

  private void await(long millis) {
    try {
      if (wake.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
        wake.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      running = false;
    }
  }

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.CANCEL
        && leases.stream().anyMatch(lease -> lease.jobId().equals(UUID.fromString(payload)))) {
      wake.release();
    }
  }

  @Override
  public void mayHaveMissed() {
    wake.release();
  }
}
