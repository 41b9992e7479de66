package org.alphaquant.worker;

import java.time.Duration;
import java.util.UUID;
import java.util.function.LongSupplier;

/** The lease of one attempt, as this process knows it. */
final class Lease {
  private final UUID jobId;
  private final long epoch;
  private final LongSupplier nanoTime;
  private final long trustNanos;
  private volatile long trustedUntil;
  private volatile boolean lost;
  private volatile boolean draining;
  private volatile long drainUntil;
  private volatile long cancelledAt;
  private volatile boolean cancelled;

  /**
   * @param claimedAt {@code nanoTime} before the claim was sent
   * @param trust the lease's duration minus the safety margin
   */
  Lease(UUID jobId, long epoch, LongSupplier nanoTime, long claimedAt, Duration trust) {
    this.jobId = jobId;
    this.epoch = epoch;
    this.nanoTime = nanoTime;
    this.trustNanos = trust.toNanos();
    this.trustedUntil = claimedAt + trustNanos;
  }

  UUID jobId() {
    return jobId;
  }

  long epoch() {
    return epoch;
  }

  void renewed(long askedAt) {
    trustedUntil = askedAt + trustNanos;
  }

  void lose() {
    lost = true;
  }

  void cancel() {
    if (!cancelled) {
      cancelledAt = nanoTime.getAsLong();
      cancelled = true;
    }
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** Whether the work is still running this long after the cancel was seen. */
  boolean isStuck(Duration deadline) {
    return cancelled && nanoTime.getAsLong() - cancelledAt > deadline.toNanos();
  }

  /**
   * Ends the work after the current layer, or at any unit of work once the grace period is over.
   */
  void drain(Duration grace) {
    drainUntil = nanoTime.getAsLong() + grace.toNanos();
    draining = true;
  }

  boolean isTrusted() {
    return !lost && nanoTime.getAsLong() - trustedUntil < 0;
  }

  void ensureHeld() {
    ensureTrusted();
    if (cancelled) {
      throw new JobCancelledException("job " + jobId + " was cancelled");
    }
    if (draining && nanoTime.getAsLong() - drainUntil >= 0) {
      throw drained();
    }
  }

  void ensureNotDraining() {
    ensureHeld();
    if (draining) {
      throw drained();
    }
  }

  void ensureTrusted() {
    if (lost) {
      throw new LeaseLostException("attempt " + epoch + " of job " + jobId + " lost its lease");
    }
    if (!isTrusted()) {
      throw new LeaseLostException(
          "attempt %d of job %s could not renew its lease in time".formatted(epoch, jobId));
    }
  }

  private DrainRequestedException drained() {
    return new DrainRequestedException("the worker of job " + jobId + " is being stopped");
  }
}
