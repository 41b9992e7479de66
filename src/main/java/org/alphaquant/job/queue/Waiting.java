package org.alphaquant.job.queue;

import static java.util.Objects.requireNonNull;

/**
 * Why a queued job is not running yet.
 *
 * @param position position in the queue, from 1
 * @param reason {@code retry-at-<time>}, {@code no-worker}, {@code no-worker-with-enough-devices},
 *     {@code no-worker-with-enough-memory}, {@code quota}, {@code behind-<n>-jobs}, or {@code next}
 */
public record Waiting(long position, String reason) {
  public Waiting {
    requireNonNull(reason, "reason is null");
  }
}
