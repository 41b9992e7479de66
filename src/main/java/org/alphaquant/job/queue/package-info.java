/** The queue: leases, the order of waiting jobs and the registered workers. */
package org.alphaquant.job.queue;
