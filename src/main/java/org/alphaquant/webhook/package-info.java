/**
 * Sends webhooks about jobs. The database writes a message in the statement that changes a job's
 * state ({@link org.alphaquant.job.delivery.WebhookDeliveries}); every process that serves the API
 * polls for due messages and sends them outside of any transaction. A message is claimed with a
 * lease, so it is not lost if the sender dies. A receiver may get a message twice; the id
 * identifies it.
 *
 * <p>Messages are signed after the Standard Webhooks specification. The operator configures where
 * they may be sent: host names are checked when a job is posted, addresses when a message is sent.
 */
package org.alphaquant.webhook;
