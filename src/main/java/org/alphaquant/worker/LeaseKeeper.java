package org.alphaquant.worker;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;

/**
 * Renews the leases of this process, on one platform thread and connections of its own, so that
 * neither an exhausted pool nor a busy thread can lose a lease.
 */
final class LeaseKeeper implements Notifications.Listener {
  private static final Duration RETRY_DELAY = Duration.ofMillis(500);

  private final LeaseRenewal renewal;
  private final WorkerSettings settings;
  private final StuckJobs stuckJobs;
  private final Set<Lease> leases = ConcurrentHashMap.newKeySet();
  private final Rounds rounds = new Rounds("lease-keeper", RETRY_DELAY, this::keep);

  LeaseKeeper(LeaseRenewal renewal, WorkerSettings settings, StuckJobs stuckJobs) {
    this.renewal = renewal;
    this.settings = settings;
    this.stuckJobs = stuckJobs;
  }

  void start() {
    rounds.start();
  }

  void stop() {
    rounds.stop();
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

  private Duration keep() {
    try {
      leases.forEach(this::renew);
    } finally {
      leases.stream()
          .filter(lease -> lease.isStuck(settings.cancelDeadline()))
          .forEach(stuckJobs::end);
    }
    return settings.renewEvery();
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

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.CANCEL
        && leases.stream().anyMatch(lease -> lease.jobId().equals(UUID.fromString(payload)))) {
      rounds.wake();
    }
  }

  @Override
  public void mayHaveMissed() {
    rounds.wake();
  }
}
