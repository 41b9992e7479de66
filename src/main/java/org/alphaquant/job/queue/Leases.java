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
 * The operations of workers. All of them except claims and the reaper's check the lease epoch: they
 * change one row while the lease is held and return empty once it is lost.
 */
public final class Leases {

  /** The statement of {@link #renew}, for the dedicated connection of the worker. */
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
   * Claims the first queued job that fits the free devices and whose owner is within the quota, and
   * increases its epoch.
   *
   * @param free memory in bytes of each free device slot, separated by commas
   * @param total the same for all slots of the worker
   * @param reserveSeconds after this time, the first job that fits the whole worker makes later
   *     jobs wait, so that small jobs cannot starve a large one
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
          // Serializes claims, so that two cannot both use the last place of a quota.
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

  /** Renews the lease; returns whether a cancel was requested, empty if the lease is lost. */
  public Optional<Boolean> renew(UUID id, long epoch, double ttlSeconds) {
    return rows.renew(id, epoch, ttlSeconds);
  }

  /** Ends the job with a result in this folder. */
  public Optional<Job> succeed(UUID id, long epoch, JobResult result, String directory) {
    return listeners.tell(
        rows.succeed(id, epoch, StoredJson.write(result), directory), JobListener::changed);
  }

  /**
   * Ends the attempt with an error. The job is queued again while its class of error has retries
   * left.
   *
   * @param backoffSeconds maximum wait before the second attempt; doubles with each attempt up to
   *     15 minutes. The wait is random, from zero to the maximum
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

  /** Returns the job to the queue because the worker shuts down; does not count as a failure. */
  public Optional<Job> giveBack(UUID id, long epoch) {
    return listeners.tell(rows.giveBack(id, epoch), JobListener::changed);
  }

  /** Ends the job as cancelled. */
  public Optional<Job> cancelled(UUID id, long epoch) {
    return listeners.tell(rows.cancelled(id, epoch), JobListener::changed);
  }

  /**
   * Reclaims jobs whose lease has expired: cancels those with a requested cancel, fails those that
   * lost their worker {@code most} times, and queues the others. The next claim increases the
   * epoch.
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
