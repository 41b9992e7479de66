package org.alphaquant.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import org.springframework.stereotype.Component;

/** A token bucket per key and process, against runaway clients. It is not a quota. */
@Component
class RateLimits {

  private static final int MAX_BUCKETS = 100_000;

  private final SecuritySettings settings;
  // An unused bucket is full again after this time, so it can be forgotten.
  private final Cache<String, Bucket> buckets;

  RateLimits(SecuritySettings settings) {
    this.settings = settings;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MAX_BUCKETS)
            .expireAfterAccess(
                Duration.ofSeconds(
                    60 + settings.burst() / Math.max(1, settings.requestsPerSecond())))
            .build();
  }

  /**
   * Counts a request and sets the header with the remaining requests.
   *
   * @throws TooManyRequestsException if the bucket is empty
   */
  void take(String key, HttpServletResponse response) {
    if (settings.requestsPerSecond() == 0) {
      return;
    }
    ConsumptionProbe probe = buckets.get(key, id -> bucket()).tryConsumeAndReturnRemaining(1);
    response.setHeader(
        "RateLimit-Policy",
        "\"key\";q=%d;w=%d"
            .formatted(
                settings.burst(), Math.max(1, settings.burst() / settings.requestsPerSecond())));
    response.setHeader("RateLimit", "\"key\";r=" + probe.getRemainingTokens());
    if (!probe.isConsumed()) {
      throw new TooManyRequestsException(
          "The key may send %d requests per second and %d at once."
              .formatted(settings.requestsPerSecond(), settings.burst()),
          Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }
  }

  private Bucket bucket() {
    return Bucket.builder()
        .addLimit(
            limit ->
                limit
                    .capacity(settings.burst())
                    .refillGreedy(settings.requestsPerSecond(), Duration.ofSeconds(1)))
        .build();
  }
}
