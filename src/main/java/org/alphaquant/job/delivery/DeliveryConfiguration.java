package org.alphaquant.job.delivery;

import org.alphaquant.job.row.Listeners;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The beans for webhook deliveries. */
@Configuration(proxyBeanMethods = false)
public class DeliveryConfiguration {

  @Bean
  Listeners<DeliveryListener> deliveryListeners(ObjectProvider<DeliveryListener> listeners) {
    return new Listeners<>(listeners);
  }

  @Bean
  WebhookDeliveries webhookDeliveries(
      WebhookDeliveryRows rows, Listeners<DeliveryListener> listeners) {
    return new WebhookDeliveries(rows, listeners);
  }
}
