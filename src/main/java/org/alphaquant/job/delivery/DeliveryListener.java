package org.alphaquant.job.delivery;

/** Is told of messages to webhooks, once what happened to them is committed; must return soon. */
public interface DeliveryListener {

  /** A message ended, or waits for another attempt. */
  void settled(WebhookDelivery delivery);
}
