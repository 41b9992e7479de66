package org.alphaquant.api.edge;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * @param maxBody maximum length of a request body, which may contain calibration texts
 * @param bodyPatience how long a request body may be slower than the minimum rate
 * @param retryAfter Retry-After while the database is unavailable
 */
@ConfigurationProperties("alphaquant.api")
public record ApiSettings(
    @DefaultValue("16MB") DataSize maxBody,
    @DefaultValue("10s") Duration bodyPatience,
    @DefaultValue("5s") Duration retryAfter) {

  public ApiSettings {
    if (maxBody.toBytes() < 1) {
      throw new IllegalArgumentException("alphaquant.api.max-body must be positive: " + maxBody);
    }
    if (bodyPatience.isNegative()) {
      throw new IllegalArgumentException(
          "alphaquant.api.body-patience is negative: " + bodyPatience);
    }
    if (retryAfter.isNegative()) {
      throw new IllegalArgumentException("alphaquant.api.retry-after is negative: " + retryAfter);
    }
  }
}
