package org.alphaquant.job.row;

/** An owner has as many jobs in the queue as one may have. */
public class QuotaExceededException extends RuntimeException {
  private final int limit;
  private final long current;

  QuotaExceededException(String owner, int limit, long current) {
    super(
        "%s has %d jobs in the queue, and the limit is %d; wait for one to start, or cancel one"
            .formatted(owner, current, limit));
    this.limit = limit;
    this.current = current;
  }

  public int limit() {
    return limit;
  }

  /** Jobs that are queued now. */
  public long current() {
    return current;
  }
}
