/**
 * Runs jobs in processes of their own. A runner is a child JVM of the same jar, without database,
 * HTTP, keys or secrets. It does everything that touches a model's bytes natively, and whatever it
 * meets there, its end costs the service one unit of work.
 *
 * <p>The worker's thread drives one runner through an attempt: it forwards what the runner reports,
 * tells it when to stop, and watches its memory and its time.
 */
package org.alphaquant.runner;
