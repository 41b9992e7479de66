/**
 * Sends webhooks about jobs. The database writes a message in the statement that changes a job's
 * state ({@link org.alphaquant.job.delivery.WebhookDeliveries}); every process that serves the API
 * looks for messages that are due and sends them, outside of any transaction. A message is claimed
 * for a lease, so whoever dies over it loses nothing, and a receiver may see one twice: it knows
 * them by their id.
 *
 * <p>Messages are signed after the Standard Webhooks specification. Where they may go is the
 * operator's choice: hosts by name when a job is posted, addresses when a message is sent.
 */
package org.alphaquant.webhook;
