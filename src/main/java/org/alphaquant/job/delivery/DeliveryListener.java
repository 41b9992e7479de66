package org.alphaquant.job.delivery;

/** Receives changes of webhook deliveries after they are committed; must return soon. */
public interface DeliveryListener {

  /** A delivery ended or waits for another attempt. */
  void settled(WebhookDelivery delivery);
}
