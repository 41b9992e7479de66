package org.alphaquant.job.delivery;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.row.Listeners;

/**
 * Webhook deliveries. A database trigger inserts their rows when a job changes its state. The
 * attempt number is the fencing token: a sender whose lease has expired cannot change the row any
 * more.
 */
public final class WebhookDeliveries {
  private final WebhookDeliveryRows rows;
  private final Listeners<DeliveryListener> listeners;

  WebhookDeliveries(WebhookDeliveryRows rows, Listeners<DeliveryListener> listeners) {
    this.rows = rows;
    this.listeners = listeners;
  }

  /**
   * Begins attempts at the deliveries that are due, oldest first, within the limit per host. If
   * this process dies, they are due again when their lease expires.
   *
   * @param underWay hosts of the caller's running attempts, one entry per attempt
   */
  public List<WebhookDelivery> claim(
      int limit, int forOneHost, Collection<String> underWay, double leaseSeconds) {
    return rows.claim(limit, forOneHost, underWay.toArray(String[]::new), leaseSeconds);
  }

  /** Ends a delivery; empty if another attempt has begun since. */
  public Optional<WebhookDelivery> finish(
      WebhookDelivery attempted, WebhookDelivery.Outcome outcome, Integer status, String error) {
    return listeners.tell(
        rows.finish(attempted.id(), attempted.attempts(), outcome.name(), status, error),
        DeliveryListener::settled);
  }

  /** Schedules another attempt; empty if another attempt has begun since. */
  public Optional<WebhookDelivery> postpone(
      WebhookDelivery attempted, double seconds, Integer status, String error) {
    return listeners.tell(
        rows.postpone(attempted.id(), attempted.attempts(), seconds, status, error),
        DeliveryListener::settled);
  }

  /** The deliveries of a job, oldest first. */
  public List<WebhookDelivery> of(UUID jobId, int limit) {
    return rows.of(jobId, limit);
  }

  /**
   * Gives up deliveries that have been due for three days without an attempt, because webhooks are
   * disabled or no process sends them.
   */
  public List<WebhookDelivery> giveUpOverdue(int limit) {
    return listeners.tell(rows.giveUpOverdue(limit), DeliveryListener::settled);
  }

  /** Deletes deliveries that ended a month ago. */
  public List<String> forgetFinished() {
    return rows.forgetFinished();
  }
}
