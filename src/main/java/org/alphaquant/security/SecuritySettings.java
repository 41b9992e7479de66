package org.alphaquant.security;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param allowAnonymous serve everybody on an address that others can reach although there is no
 *     key
 * @param requestsPerSecond most requests per second that a key may keep up; 0 for no limit
 * @param burst most requests at once
 * @param keyCache how long a key that was revoked elsewhere may still be let in
 */
@ConfigurationProperties("alphaquant.security")
record SecuritySettings(
    @DefaultValue("false") boolean allowAnonymous,
    @DefaultValue("100") int requestsPerSecond,
    @DefaultValue("500") int burst,
    @DefaultValue("5s") Duration keyCache) {

  SecuritySettings {
    if (requestsPerSecond < 0) {
      throw new IllegalArgumentException(
          "alphaquant.security.requests-per-second is negative: " + requestsPerSecond);
    }
    if (burst < 1) {
      throw new IllegalArgumentException("alphaquant.security.burst must be at least 1: " + burst);
    }
  }
}
