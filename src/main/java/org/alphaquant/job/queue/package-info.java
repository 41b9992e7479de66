/**
 * Which job runs next and where: leases, the order of those that wait, the workers that are there.
 */
package org.alphaquant.job.queue;
