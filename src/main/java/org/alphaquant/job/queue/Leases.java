package org.alphaquant.job.queue;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobListener;
import org.alphaquant.job.row.Listeners;
import org.alphaquant.job.row.QuotaSettings;
import org.alphaquant.job.row.StoredJson;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * What workers write. Every change but the claim and the reaper's names the lease epoch: it changes
 * one row while the lease is held, and none (an empty answer) once it is lost.
 */
public final class Leases {

  /** {@link #renew}, for the worker's own connection that does not wait behind others. */
  public static final String RENEW =
      """
      update job set lease_expires_at = now() + make_interval(secs => :ttlSeconds)
      where id = :id and lease_epoch = :epoch and state = 'RUNNING'
      returning cancel_requested_at is not null
      """;

  private final LeaseRows rows;
  private final Listeners<JobListener> listeners;
  private final TransactionTemplate transaction;

  Leases(LeaseRows rows, Listeners<JobListener> listeners, TransactionTemplate transaction) {
    this.rows = rows;
    this.listeners = listeners;
    this.transaction = transaction;
  }

  /** {@link #claim(UUID, String, String, double, double, QuotaSettings)} without a quota. */
  public Optional<Job> claim(
      UUID worker, String free, String total, double ttlSeconds, double reserveSeconds) {
    return claimNext(worker, free, total, ttlSeconds, reserveSeconds, Integer.MAX_VALUE);
  }

  /**
   * Takes the first job of the queue that fits the free devices and whose owner may run another,
   * and raises its epoch.
   *
   * @param free memory in bytes of every free device slot, separated by commas
   * @param total the same of all slots of the worker
   * @param reserveSeconds after so long the first job that would fit the whole worker keeps the
   *     later ones waiting, so that small jobs cannot starve a big one
   */
  public Optional<Job> claim(
      UUID worker,
      String free,
      String total,
      double ttlSeconds,
      double reserveSeconds,
      QuotaSettings quotas) {
    if (quotas.running() == 0) {
      return claim(worker, free, total, ttlSeconds, reserveSeconds);
    }
    return transaction.execute(
        status -> {
          // All claims in turn, or two could both start an owner's last job.
          rows.lockClaims();
          return claimNext(worker, free, total, ttlSeconds, reserveSeconds, quotas.running());
        });
  }

  private Optional<Job> claimNext(
      UUID worker,
      String free,
      String total,
      double ttlSeconds,
      double reserveSeconds,
      int running) {
    return listeners.tell(
        rows.claimNext(worker, free, total, ttlSeconds, reserveSeconds, running),
        JobListener::claimed);
  }

  /** Keeps the lease and tells whether a cancel was asked for; empty when the lease is lost. */
  public Optional<Boolean> renew(UUID id, long epoch, double ttlSeconds) {
    return rows.renew(id, epoch, ttlSeconds);
  }

  /** Ends the job with a result. From here on its folder is the one that counts. */
  public Optional<Job> succeed(UUID id, long epoch, JobResult result, String directory) {
    return listeners.tell(
        rows.succeed(id, epoch, StoredJson.write(result), directory), JobListener::changed);
  }

  /**
   * Ends the attempt with an error: another one follows while the error's class has attempts left.
   *
   * @param backoffSeconds longest wait before the second attempt; doubles for each later one up to
   *     15 minutes, and the wait is drawn from zero to that
   */
  public Optional<Job> fail(UUID id, long epoch, JobError error, double backoffSeconds) {
    return listeners.tell(
        rows.fail(
            id,
            epoch,
            StoredJson.write(error),
            error.kind().name(),
            error.kind().retries(),
            backoffSeconds),
        JobListener::changed);
  }

  /** Puts the job back into the queue because the worker stops; no failure is counted. */
  public Optional<Job> giveBack(UUID id, long epoch) {
    return listeners.tell(rows.giveBack(id, epoch), JobListener::changed);
  }

  /** Ends the job as its client asked. */
  public Optional<Job> cancelled(UUID id, long epoch) {
    return listeners.tell(rows.cancelled(id, epoch), JobListener::changed);
  }

  /**
   * Takes jobs from workers that went silent: cancelled where that was asked for, failed when it is
   * the {@code most}th time, queued otherwise. The epoch stays; the next claim raises it.
   */
  public List<Job> reap(int most, double backoffSeconds, int limit) {
    JobError error =
        new JobError(
            "worker-lost",
            JobError.Kind.INTERNAL,
            "the worker went silent %d times while it ran this job".formatted(most),
            "The job may be what ends its worker, for example by using up its memory.");
    List<Job> reaped = rows.reap(most, StoredJson.write(error), backoffSeconds, limit);
    listeners.tell(reaped, JobListener::leaseLost);
    return listeners.tell(reaped, JobListener::changed);
  }
}
