package org.alphaquant.webhook;

import java.time.Clock;
import org.alphaquant.background.Notifications;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.plan.JobPreflight;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(WebhookSettings.class)
class WebhookConfiguration {

  @Bean
  Targets webhookTargets(WebhookSettings settings) {
    return new Targets(settings);
  }

  @Bean
  JobPreflight webhookPreflight(Targets targets, WebhookSettings settings) {
    return new WebhookPreflight(targets, settings.allowedHosts());
  }

  @Bean
  @Conditional(SendsWebhooks.class)
  Deliveries webhookDeliveriesLoop(
      WebhookDeliveries rows,
      Targets targets,
      WebhookSettings settings,
      Notifications notifications) {
    Sender sender = new Sender(settings, targets, Clock.systemUTC());
    Deliveries deliveries = new Deliveries(rows, sender, settings);
    notifications.add(deliveries);
    return deliveries;
  }
}
