/**
 * Traces to an OpenTelemetry collector, off unless the operator names one: requests, and the runs
 * of jobs, each in the trace of the request that posted it, with a span for every phase.
 */
package org.alphaquant.tracing;
