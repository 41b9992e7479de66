package org.alphaquant.worker;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.alphaquant.job.DatabaseAway;
import org.alphaquant.job.Job;
import org.alphaquant.job.Leases;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;

/** Takes jobs from workers that went silent. Every process does it, and each job once. */
final class Reaper implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Reaper.class);
  private static final int BATCH = 100;

  private final Leases leases;
  private final WorkerSettings settings;
  private volatile ScheduledExecutorService clock;

  Reaper(Leases leases, WorkerSettings settings) {
    this.leases = leases;
    this.settings = settings;
  }

  @Override
  public void start() {
    clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "lease-reaper");
              thread.setDaemon(true);
              return thread;
            });
    long millis = settings.reapEvery().toMillis();
    clock.scheduleWithFixedDelay(this::reap, 0, millis, TimeUnit.MILLISECONDS);
  }

  private void reap() {
    try {
      double backoff = WorkerSettings.seconds(settings.retryBackoff());
      for (Job job : leases.reap(settings.lostLeases(), backoff, BATCH)) {
        log.warn(
            "job={} epoch={} lost its worker, now {}", job.id(), job.leaseEpoch(), job.state());
      }
    } catch (DataAccessException e) {
      log.debug("Silent workers cannot be looked for: {}", DatabaseAway.reason(e));
    } catch (RuntimeException e) {
      // Thrown on, it would be the last time that anybody looks.
      log.error("Looking for silent workers failed", e);
    }
  }

  @Override
  public void stop() {
    clock.shutdownNow();
  }

  @Override
  public boolean isRunning() {
    return clock != null && !clock.isShutdown();
  }
}
