package org.alphaquant.tracing;

import java.net.URI;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where traces go.
 *
 * @param endpoint the collector's address for traces by OTLP over HTTP, such as {@code
 *     http://collector:4318/v1/traces}; nothing is traced where not set
 * @param sampling share of requests that are traced, with the jobs that they post
 * @param headers sent along to the collector, for example its key
 */
@ConfigurationProperties("alphaquant.tracing")
record TracingSettings(
    URI endpoint, @DefaultValue("1.0") double sampling, @DefaultValue Map<String, String> headers) {

  TracingSettings {
    headers = Map.copyOf(headers);
    if (!(sampling >= 0 && sampling <= 1)) {
      throw new IllegalArgumentException(
          "alphaquant.tracing.sampling is %s but must be from 0 to 1".formatted(sampling));
    }
    if (endpoint != null && endpoint.getHost() == null && !endpoint.toString().isEmpty()) {
      throw new IllegalArgumentException(
          "alphaquant.tracing.endpoint is '%s' but must be such as http://collector:4318/v1/traces"
              .formatted(endpoint));
    }
  }
}
