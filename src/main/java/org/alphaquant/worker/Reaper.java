package org.alphaquant.worker;

import java.time.Duration;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.Job;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reclaims the jobs of workers whose lease has expired. Every process runs one. */
final class Reaper {
  private static final Logger log = LoggerFactory.getLogger(Reaper.class);
  private static final int BATCH = 100;

  private final Leases leases;
  private final WorkerSettings settings;

  Reaper(Leases leases, WorkerSettings settings) {
    this.leases = leases;
    this.settings = settings;
  }

  Duration reap() {
    double backoff = WorkerSettings.seconds(settings.retryBackoff());
    for (Job job : leases.reap(settings.lostLeases(), backoff, BATCH)) {
      log.warn("job={} epoch={} lost its worker, now {}", job.id(), job.leaseEpoch(), job.state());
    }
    return settings.reapEvery();
  }
}
