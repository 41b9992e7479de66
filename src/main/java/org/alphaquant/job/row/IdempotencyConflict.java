package org.alphaquant.job.row;

/** An idempotency key was used again for another request. */
public class IdempotencyConflict extends RuntimeException {
  public IdempotencyConflict(String key, Job first) {
    super(
        "Idempotency-Key \"%s\" was used for another request, which made job %s"
            .formatted(key, first.id()));
  }
}
