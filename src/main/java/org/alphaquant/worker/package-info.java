/**
 * Runs jobs. One claim loop hands jobs to free device slots; each attempt runs on its own thread.
 *
 * <p>The lease keeper renews all leases of the process every few seconds on connections of its own.
 * Each renewal moves the lease's trust deadline: the time before the call, plus the lease's length,
 * minus a margin. The work asks {@link org.alphaquant.worker.JobContext#ensureHeld} between its
 * units, which throws once that deadline has passed, so a process that was stopped or cut off from
 * the database ends its work by itself before another worker can have claimed the job. INVARIANT:
 * the trust deadline lies before the lease's end in the database, because the database starts
 * counting after the call was sent.
 */
package org.alphaquant.worker;
