/**
 * Streams the events of jobs to clients.
 *
 * <p>One dispatcher per process is notified by the database which jobs have new events and reads
 * them once, however many clients follow that job. A client's stream holds no events of its own,
 * only the number of the last one sent: it asks the job's feed, or the table, for those after it.
 * So a slow client costs no memory, and a stream that is resumed at another process has neither
 * gaps nor duplicates.
 */
package org.alphaquant.events;
