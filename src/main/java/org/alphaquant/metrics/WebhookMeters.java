package org.alphaquant.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.alphaquant.job.delivery.DeliveryListener;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;

/** Outcomes of the webhook deliveries that this process attempted. */
final class WebhookMeters implements DeliveryListener {

  private final MeterRegistry registry;

  WebhookMeters(MeterRegistry registry) {
    this.registry = registry;
    counter("retried");
    for (Outcome outcome : Outcome.values()) {
      counter(lower(outcome));
    }
  }

  @Override
  public void settled(WebhookDelivery delivery) {
    counter(delivery.outcome().map(WebhookMeters::lower).orElse("retried")).increment();
  }

  private Counter counter(String outcome) {
    return Counter.builder("alphaquant.webhook.deliveries")
        .description("Messages to webhooks that ended, and attempts that will be made again")
        .tag("outcome", outcome)
        .register(registry);
  }

  private static String lower(Outcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
