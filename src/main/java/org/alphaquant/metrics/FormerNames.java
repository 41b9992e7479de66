package org.alphaquant.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * Repeats the service's meters under their former names, which began with {@code quant}, so that
 * dashboards and alerts keep working during the migration.
 */
final class FormerNames {

  private static final String NOW = "alphaquant.";
  private static final String BEFORE = "quant.";

  private FormerNames() {}

  static PrometheusMeterRegistry registry(
      PrometheusConfig config, PrometheusRegistry scraped, Clock clock) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(config, scraped, clock);
    registry.config().meterFilter(onlyOurs()).meterFilter(renamed());
    return registry;
  }

  private static MeterFilter onlyOurs() {
    return new MeterFilter() {
      @Override
      public MeterFilterReply accept(Meter.Id id) {
        // Filters see mapped names only, so they accept the former name.
        return id.getName().startsWith(BEFORE) ? MeterFilterReply.NEUTRAL : MeterFilterReply.DENY;
      }
    };
  }

  private static MeterFilter renamed() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        return id.getName().startsWith(NOW)
            ? id.withName(BEFORE + id.getName().substring(NOW.length()))
            : id;
      }
    };
  }
}
