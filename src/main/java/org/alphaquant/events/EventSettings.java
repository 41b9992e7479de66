package org.alphaquant.events;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How events come to clients.
 *
 * @param heartbeat longest silence on a stream
 * @param pollEvery longest time until an event is found that no notification told of
 * @param writers threads that write to clients; so many slow ones do not hold up the others
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
