package org.alphaquant.job.row;

/** The owner's quota of queued jobs is used up. */
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

  /** Number of jobs queued now. */
  public long current() {
    return current;
  }
}
