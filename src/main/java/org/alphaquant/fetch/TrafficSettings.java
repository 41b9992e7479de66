package org.alphaquant.fetch;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Prometheus servers whose counts of experts jobs may be fitted to.
 *
 * @param prometheus addresses, {@code http://prometheus:9090} for example; whoever may post jobs
 *     may query these; empty for none
 * @param timeout time limit for a connection and for an answer
 */
@ConfigurationProperties("alphaquant.traffic")
record TrafficSettings(
    @DefaultValue List<String> prometheus, @DefaultValue("10s") Duration timeout) {

  TrafficSettings {
    prometheus = prometheus.stream().map(TrafficSettings::address).toList();
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(
          "alphaquant.traffic.timeout is %s but must be more than zero".formatted(timeout));
    }
  }

  /** Whether jobs may ask this server. */
  boolean allows(String url) {
    return prometheus.contains(url.replaceFirst("/+$", ""));
  }

  private static String address(String given) {
    String address = given.strip().replaceFirst("/+$", "");
    try {
      URI uri = URI.create(address);
      boolean plain = uri.getRawQuery() == null && uri.getRawFragment() == null;
      if (uri.getHost() != null && plain && uri.getScheme().matches("https?")) {
        return address;
      }
    } catch (IllegalArgumentException notAnAddress) {
      // Refused below.
    }
    throw new IllegalArgumentException(
        "alphaquant.traffic.prometheus has \"%s\" but must list addresses as http://prometheus:9090"
            .formatted(given));
  }
}
