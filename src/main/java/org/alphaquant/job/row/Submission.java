package org.alphaquant.job.row;

/**
 * A job and whether this request made it.
 *
 * @param replayed true when an earlier request with the same idempotency key had made it
 */
public record Submission(Job job, boolean replayed) {}
