package org.alphaquant.job.row;

/** An idempotency key was reused for a different request. */
public class IdempotencyConflict extends RuntimeException {
  public IdempotencyConflict(String key, Job first) {
    super(
        "Idempotency-Key \"%s\" was used for another request, which created job %s"
            .formatted(key, first.id()));
  }
}
