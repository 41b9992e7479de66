package org.alphaquant.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Optional;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.worker.Worker;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class MetricsConfiguration {

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
