/** Endpoints for what happens to jobs: pages and streams of events, messages to webhooks. */
package org.alphaquant.api.event;
