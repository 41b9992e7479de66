package org.alphaquant.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Optional;
import org.alphaquant.device.ComputeDevice;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.worker.Worker;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(MetricsSettings.class)
class MetricsConfiguration {

  @Bean
  JobMeters jobMeters(MeterRegistry registry) {
    return new JobMeters(registry);
  }

  @Bean
  QualityMeters qualityMeters(MeterRegistry registry) {
    return new QualityMeters(registry);
  }

  @Bean
  ResultMeters resultMeters(MeterRegistry registry) {
    return new ResultMeters(registry);
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
  ExpertGauges expertGauges(MeterRegistry registry, Optional<Worker> worker) {
    return new ExpertGauges(registry, slots(worker).size());
  }

  @Bean
  MeterBinder deviceGauges(Optional<Worker> worker) {
    return new DeviceGauges(slots(worker));
  }

  private static List<ComputeDevice> slots(Optional<Worker> worker) {
    return worker.map(Worker::slots).orElse(List.of());
  }

  /** Without it, every security filter would have its own series. */
  @Bean
  static MeterFilter noSeriesOfSpringSecurity() {
    return MeterFilter.denyNameStartsWith("spring.security");
  }

  @Bean
  @ConditionalOnProperty(
      name = "alphaquant.metrics.former-names",
      havingValue = "true",
      matchIfMissing = true)
  MeterRegistry formerNames(PrometheusConfig config, PrometheusRegistry scraped, Clock clock) {
    return FormerNames.registry(config, scraped, clock);
  }

  @Bean
  MeterBinder slotGauges(Optional<Worker> worker) {
    return new SlotGauges(worker);
  }
}
