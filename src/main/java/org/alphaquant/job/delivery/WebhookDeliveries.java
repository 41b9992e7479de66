package org.alphaquant.job.delivery;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.row.Listeners;

/**
 * Messages to webhooks. Their rows are made by the database when a job changes its state. The
 * attempt number is the fencing token: a sender that was given up changes no row when it comes
 * back.
 */
public final class WebhookDeliveries {
  private final WebhookDeliveryRows rows;
  private final Listeners<DeliveryListener> listeners;

  WebhookDeliveries(WebhookDeliveryRows rows, Listeners<DeliveryListener> listeners) {
    this.rows = rows;
    this.listeners = listeners;
  }

  /**
   * Begins an attempt at those that are due, longest due first, but at no more of a host than it
   * may have at once. Whoever dies over it loses nothing: they are due again after the lease.
   *
   * @param underWay hosts of the caller's attempts, as often as they have one
   */
  public List<WebhookDelivery> claim(
      int limit, int forOneHost, Collection<String> underWay, double leaseSeconds) {
    return rows.claim(limit, forOneHost, underWay.toArray(String[]::new), leaseSeconds);
  }

  /** Ends it; empty when another attempt was begun since. */
  public Optional<WebhookDelivery> finish(
      WebhookDelivery attempted, WebhookDelivery.Outcome outcome, Integer status, String error) {
    return listeners.tell(
        rows.finish(attempted.id(), attempted.attempts(), outcome.name(), status, error),
        DeliveryListener::settled);
  }

  /** Has it tried again after so many seconds; empty when another attempt was begun since. */
  public Optional<WebhookDelivery> postpone(
      WebhookDelivery attempted, double seconds, Integer status, String error) {
    return listeners.tell(
        rows.postpone(attempted.id(), attempted.attempts(), seconds, status, error),
        DeliveryListener::settled);
  }

  /** The messages of a job, oldest first. */
  public List<WebhookDelivery> of(UUID jobId, int limit) {
    return rows.of(jobId, limit);
  }

  /**
   * Gives up those that were due for three days without an attempt: webhooks are switched off, or
   * no process sends.
   */
  public List<WebhookDelivery> giveUpOverdue(int limit) {
    return listeners.tell(rows.giveUpOverdue(limit), DeliveryListener::settled);
  }

  /** Deletes deliveries that ended a month ago. */
  public List<String> forgetFinished() {
    return rows.forgetFinished();
  }
}
