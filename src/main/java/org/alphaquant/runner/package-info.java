/**
 * Runs jobs in child processes. A runner is a JVM of the same jar without database, HTTP server,
 * keys or secrets. All native code that processes a model's bytes runs there, so that a crash costs
 * the job one unit of work and the service nothing.
 *
 * <p>The worker's thread controls one runner per attempt: it forwards progress and events, tells
 * the runner when to stop, and enforces limits of memory and time.
 */
package org.alphaquant.runner;
