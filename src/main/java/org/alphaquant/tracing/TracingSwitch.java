package org.alphaquant.tracing;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Turns the framework's tracing on where {@code alphaquant.tracing.endpoint} names a collector, and
 * leaves it out whole elsewhere. What the operator sets of the framework's own properties counts
 * more.
 */
final class TracingSwitch implements EnvironmentPostProcessor {

  private static final String ROOT = "org.springframework.boot.micrometer.tracing.";
  private static final List<String> LEFT_OUT =
      List.of(
          "org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration",
          ROOT + "opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
          ROOT + "opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration",
          ROOT + "autoconfigure.MicrometerTracingAutoConfiguration");
  private static final String EXPORT = "management.opentelemetry.tracing.export.otlp.";

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    String endpoint = environment.getProperty("alphaquant.tracing.endpoint", "");
    Map<String, Object> properties = new HashMap<>();
    if (endpoint.isBlank()) {
      properties.put("spring.autoconfigure.exclude", String.join(",", LEFT_OUT));
    } else {
      properties.put(EXPORT + "endpoint", endpoint);
      properties.put(
          "management.tracing.sampling.probability",
          environment.getProperty("alphaquant.tracing.sampling", "1.0"));
      Binder.get(environment)
          .bind("alphaquant.tracing.headers", Bindable.mapOf(String.class, String.class))
          .ifBound(
              it -> it.forEach((name, value) -> properties.put(EXPORT + "headers." + name, value)));
    }
    environment.getPropertySources().addLast(new MapPropertySource("tracing", properties));
  }
}
