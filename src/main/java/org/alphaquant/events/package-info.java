/**
 * Brings the events of jobs to the clients that follow them.
 *
 * <p>One dispatcher per process hears from the database which job has new events and reads them
 * once, however many clients follow that job. A client's stream holds no events of its own, only
 * the number of the last one sent: it asks the job's feed, or the table, for those after it. So a
 * slow client costs no memory, and a stream that is taken up again elsewhere has neither gap nor
 * duplicate.
 */
package org.alphaquant.events;
