package org.alphaquant.job.row;

/**
 * A job and whether this request created it.
 *
 * @param replayed true if an earlier request with the same idempotency key created it
 */
public record Submission(Job job, boolean replayed) {}
