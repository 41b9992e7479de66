package org.alphaquant.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.EstimationProbe;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.springframework.stereotype.Component;

/**
 * Slows down key guessing: an address with too many refused keys is rejected for a while without a
 * database query. Recently accepted keys are not affected.
 */
@Component
class RefusedKeys {
  private static final int MAX_ADDRESSES = 100_000;

  /** Length in bytes of the IPv6 prefix that one household or host usually has. */
  private static final int IPV6_NETWORK_BYTES = 8;

  private final int perMinute;
  private final Cache<String, Bucket> buckets =
      Caffeine.newBuilder()
          .maximumSize(MAX_ADDRESSES)
          .expireAfterAccess(Duration.ofMinutes(2))
          .build();

  RefusedKeys(SecuritySettings settings) {
    this.perMinute = settings.refusedKeysPerMinute();
  }

  /**
   * @throws TooManyRequestsException if too many keys from this address were refused recently
   */
  void check(String address) {
    Bucket bucket = perMinute == 0 ? null : buckets.getIfPresent(network(address));
    if (bucket == null) {
      return;
    }
    EstimationProbe probe = bucket.estimateAbilityToConsume(1);
    if (!probe.canBeConsumed()) {
      throw new TooManyRequestsException(
          "%d keys from %s were refused within a minute; try again later."
              .formatted(perMinute, address),
          Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }
  }

  /** Counts a key that was refused. */
  void refused(String address) {
    if (perMinute > 0) {
      buckets.get(network(address), it -> bucket()).tryConsume(1);
    }
  }

  private Bucket bucket() {
    return Bucket.builder()
        .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, Duration.ofMinutes(1)))
        .build();
  }

  /** The address, or the network prefix of an IPv6 address. */
  static String network(String address) {
    try {
      byte[] bytes = InetAddress.getByName(address).getAddress();
      return bytes.length > 4
          ? HexFormat.of().formatHex(Arrays.copyOf(bytes, IPV6_NETWORK_BYTES))
          : address;
    } catch (UnknownHostException noAddress) {
      return address;
    }
  }
}
