package org.alphaquant.worker;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.row.JobEvents;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/**
 * Exits the process when work does not stop after a cancel: its device cannot be reused, and the
 * supervisor restarts the process.
 */
final class StuckJobs {
  /** Exit status that asks the supervisor for a restart. */
  static final int EXIT_STATUS = 70;

  private static final Logger log = LoggerFactory.getLogger(StuckJobs.class);

  private final JobEvents events;
  private final Leases leases;
  private final ProcessExit exit;
  private final JobRunner runner;
  private final Set<Lease> ended = ConcurrentHashMap.newKeySet();

  StuckJobs(JobEvents events, Leases leases, ProcessExit exit, JobRunner runner) {
    this.events = events;
    this.leases = leases;
    this.exit = exit;
    this.runner = runner;
  }

  void end(Lease lease) {
    if (runner.canBeStopped() || !ended.add(lease)) {
      return;
    }
    log.error("job={} epoch={} does not stop after its cancel", lease.jobId(), lease.epoch());
    try {
      events.append(
          lease.jobId(), lease.epoch(), "log", "error", Map.of("message", "cancel-stuck"), null);
      leases.cancelled(lease.jobId(), lease.epoch());
    } catch (DataAccessException e) {
      log.warn(
          "job={} could not be marked as cancelled: {}", lease.jobId(), DatabaseAway.reason(e));
    }
    exit.exit(EXIT_STATUS);
  }
}
