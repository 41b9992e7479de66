package org.alphaquant.tracing;

import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.observation.ObservationPredicate;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.exporter.SpanExportingPredicate;
import java.util.regex.Pattern;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.worker.JobRunner;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TracingSettings.class)
class TracingConfiguration {

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnExpression("!'${alphaquant.tracing.endpoint:}'.isBlank()")
  static class On {

    private static final Pattern PROBES = Pattern.compile("/(livez|readyz|actuator/.*)");

    /** Around everything else that is done for a job, its transfers included. */
    @Bean
    static BeanPostProcessor tracesAroundJobs(
        ObjectProvider<Jobs> jobs, ObjectProvider<ObservationRegistry> observations) {
      return new BeanPostProcessor() {
        @Override
        public Object postProcessAfterInitialization(Object bean, String name) {
          return bean instanceof JobRunner runner
              ? new TracedRunner(runner, id -> jobs.getObject().find(id), observations.getObject())
              : bean;
        }
      };
    }

    /** Probes and scrapes come every few seconds and say nothing. */
    @Bean
    SpanExportingPredicate noSpansOfProbes() {
      return span -> !PROBES.matcher(span.getTags().getOrDefault("uri", "")).matches();
    }

    /** Every filter of the chain would be a span otherwise. */
    @Bean
    ObservationPredicate noSpansOfSpringSecurity() {
      return (name, context) -> !name.startsWith("spring.security");
    }

    /** How long jobs take is measured in every process, traced or not. */
    @Bean
    static MeterFilter noSeriesOfRuns() {
      return MeterFilter.denyNameStartsWith(TracedRunner.RUN);
    }
  }
}
