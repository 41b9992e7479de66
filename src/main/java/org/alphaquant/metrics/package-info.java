/**
 * Micrometer binders. Names begin with {@code alphaquant}; tags are enumerations, never a job, an
 * owner or a model. All meters exist from the start, so that no alert waits for a first event.
 */
package org.alphaquant.metrics;
