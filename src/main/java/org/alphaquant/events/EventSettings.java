package org.alphaquant.events;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of event streams.
 *
 * @param heartbeat interval of heartbeats on an idle stream
 * @param pollEvery polling interval for events whose notification was lost
 * @param writers number of threads that write to clients; up to this many slow clients do not delay
 *     the others
 */
@ConfigurationProperties("alphaquant.events")
public record EventSettings(
    @DefaultValue("15s") Duration heartbeat,
    @DefaultValue("5s") Duration pollEvery,
    @DefaultValue("32") int writers) {
  public EventSettings {
    if (writers < 1 || writers > 1024) {
      throw new IllegalArgumentException(
          "alphaquant.events.writers is %d but must be from 1 to 1024".formatted(writers));
    }
  }
}
