package org.alphaquant.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.alphaquant.cache.CacheSettings;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Whether and how the Hugging Face hub is used. Defaults come from the environment variables of the
 * Python libraries: {@code HF_ENDPOINT}, {@code HF_TOKEN}, {@code HF_TOKEN_PATH}, {@code HF_HOME},
 * {@code HF_HUB_CACHE}, {@code HF_HUB_OFFLINE}, {@code HTTPS_PROXY}, {@code NO_PROXY}.
 *
 * @param allowed patterns of repositories that jobs may use: {@code allenai/*}, {@code
 *     datasets/Salesforce/*}, {@code *}; with none the hub is off
 * @param endpoint the hub or a mirror of it
 * @param token a read token of the operator; every caller can use what it can read
 * @param tokenFile file that holds the token
 * @param storageHosts hosts, beside the endpoint, that files may come from: {@code host}, {@code
 *     *.domain}
 * @param cache folder in the layout of {@code ~/.cache/huggingface/hub} that is written to; {@code
 *     hub} below the data directory where not set
 * @param caches more folders of that layout, which are only read
 * @param offline sends no request and uses only what the caches hold
 * @param maxCacheSize bytes that the cache may take; the least recently used models are deleted for
 *     new ones, never those in use; no limit where not set
 * @param maxOwnerSize bytes in the cache that one owner's requests may have downloaded; no limit
 *     where not set
 * @param streams files downloaded at once
 * @param connectTimeout longest wait for a connection
 * @param idleTimeout longest time without a byte
 * @param minimumRate fewest bytes a second over {@code rateWindow}
 * @param rateWindow time that the rate is measured over
 * @param attempts tries without progress before a file is given up
 * @param firstPause time before the second try; doubles with each
 * @param answerWithin longest wait for the hub while a caller waits for an answer
 */
@ConfigurationProperties("alphaquant.hub")
record HubSettings(
    @DefaultValue List<String> allowed,
    URI endpoint,
    String token,
    Path tokenFile,
    @DefaultValue({"*.hf.co", "hf.co", "*.huggingface.co", "huggingface.co"})
        List<String> storageHosts,
    Path cache,
    @DefaultValue List<Path> caches,
    Boolean offline,
    DataSize maxCacheSize,
    DataSize maxOwnerSize,
    @DefaultValue("4") int streams,
    @DefaultValue("10s") Duration connectTimeout,
    @DefaultValue("20s") Duration idleTimeout,
    @DefaultValue("1KB") DataSize minimumRate,
    @DefaultValue("60s") Duration rateWindow,
    @DefaultValue("5") int attempts,
    @DefaultValue("500ms") Duration firstPause,
    @DefaultValue("5s") Duration answerWithin) {

  HubSettings {
    within("streams", streams, 1, 64);
    within("attempts", attempts, 1, 100);
    positive("connect-timeout", connectTimeout);
    positive("idle-timeout", idleTimeout);
    positive("rate-window", rateWindow);
    positive("first-pause", firstPause);
    positive("answer-within", answerWithin);
  }

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "alphaquant.hub.%s is %d but must be from %d to %d".formatted(name, value, least, most));
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(
          "alphaquant.hub.%s is %s but must be more than zero".formatted(name, value));
    }
  }

  /** The settings of the cache among these. */
  CacheSettings forCache() {
    return new CacheSettings(
        maxCacheSize,
        maxOwnerSize,
        streams,
        idleTimeout.plus(connectTimeout),
        minimumRate,
        rateWindow,
        attempts,
        firstPause);
  }

  Duration pause(int tries) {
    return forCache().pause(tries);
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "HubSettings[allowed=%s, endpoint=%s]".formatted(allowed, endpoint);
  }
}
