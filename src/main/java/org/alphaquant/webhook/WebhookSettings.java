package org.alphaquant.webhook;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Allowed hosts and retry policy of webhooks.
 *
 * @param allowedHosts {@code host}, {@code host:port} or {@code *.domain}; empty disables webhooks
 * @param secret key of the signatures, {@code whsec_} and the Base64 of 24 to 64 bytes
 * @param allowHttp whether to send without TLS too
 * @param allowPrivateAddresses whether to send to addresses of this machine and of private networks
 * @param timeout time limit for a connection and for a response
 * @param attempts maximum number of attempts
 * @param firstWait maximum wait before the second attempt; doubles with each attempt
 * @param longestWait upper limit of the wait
 * @param concurrency maximum number of concurrent attempts
 * @param pollEvery interval of polling for messages whose notification was lost
 */
@ConfigurationProperties("alphaquant.webhooks")
record WebhookSettings(
    @DefaultValue List<String> allowedHosts,
    String secret,
    @DefaultValue("false") boolean allowHttp,
    @DefaultValue("false") boolean allowPrivateAddresses,
    @DefaultValue("10s") Duration timeout,
    @DefaultValue("16") int attempts,
    @DefaultValue("10s") Duration firstWait,
    @DefaultValue("6h") Duration longestWait,
    @DefaultValue("32") int concurrency,
    @DefaultValue("5s") Duration pollEvery) {
  private static final String PREFIX = "whsec_";

  WebhookSettings {
    allowedHosts = allowedHosts.stream().map(AllowedHost::parse).map(AllowedHost::text).toList();
    if (!allowedHosts.isEmpty()) {
      decode(secret);
    }
    within("attempts", attempts, 1, 100);
    within("concurrency", concurrency, 1, 1000);
    positive("timeout", timeout);
    positive("first-wait", firstWait);
    positive("longest-wait", longestWait);
    positive("poll-every", pollEvery);
  }

  byte[] key() {
    return decode(secret);
  }

  List<AllowedHost> hosts() {
    return allowedHosts.stream().map(AllowedHost::parse).toList();
  }

  private static byte[] decode(String secret) {
    try {
      if (secret != null && secret.startsWith(PREFIX)) {
        byte[] key = Base64.getDecoder().decode(secret.substring(PREFIX.length()));
        if (key.length >= 24 && key.length <= 64) {
          return key;
        }
      }
    } catch (IllegalArgumentException notBase64) {
      // Without the cause's message, which would reveal the secret.
    }
    throw new IllegalArgumentException(
        "alphaquant.webhooks.secret must be whsec_ and the Base64 of 24 to 64 random bytes, for"
            + " example of: openssl rand -base64 32");
  }

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "alphaquant.webhooks.%s is %d but must be from %d to %d"
              .formatted(name, value, least, most));
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "alphaquant.webhooks.%s is %s but must be more than zero".formatted(name, value));
    }
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "WebhookSettings[allowedHosts=%s]".formatted(allowedHosts);
  }
}
