package org.alphaquant.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Optional;
import org.alphaquant.job.Jobs;
import org.alphaquant.worker.Worker;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class MetricsConfiguration {

  // Static, because a post-processor is made before the configuration's other beans can be.
  @Bean
  static MeteredStatements meteredStatements(
      ObjectProvider<JobMeters> jobs, ObjectProvider<WebhookMeters> webhooks) {
    return new MeteredStatements(jobs, webhooks);
  }

  @Bean
  JobMeters jobMeters(MeterRegistry registry) {
    return new JobMeters(registry);
  }

  @Bean
  WebhookMeters webhookMeters(MeterRegistry registry) {
    return new WebhookMeters(registry);
  }

  @Bean
  MeterBinder queueGauges(Jobs jobs) {
    return new QueueGauges(jobs);
  }

  @Bean
  MeterBinder slotGauges(Optional<Worker> worker) {
    return new SlotGauges(worker);
  }
}
