package org.alphaquant.cache;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.util.unit.DataSize;

/**
 * How the cache is filled. The operator sets it by {@code alphaquant.hub.*}.
 *
 * @param maxSize bytes that the cache may take; null for no limit
 * @param maxOwnerSize bytes that one owner's requests may download into it; null for no limit
 * @param streams files downloaded at once
 * @param silence longest time that a stream reads before it checks whether the download was
 *     cancelled
 * @param minimumRate fewest bytes a second over {@code rateWindow}
 * @param attempts tries without progress before a file is given up
 * @param firstPause time before the second try; doubles with each
 */
public record CacheSettings(
    DataSize maxSize,
    DataSize maxOwnerSize,
    int streams,
    Duration silence,
    DataSize minimumRate,
    Duration rateWindow,
    int attempts,
    Duration firstPause) {

  private static final Duration MAX_PAUSE = Duration.ofSeconds(30);

  /**
   * The wait after so many tries without progress, with jitter so that many clients do not retry at
   * once.
   */
  public Duration pause(int tries) {
    long longest = Math.min(firstPause.toMillis() << Math.min(tries, 10), MAX_PAUSE.toMillis());
    return Duration.ofMillis(longest + ThreadLocalRandom.current().nextLong(longest / 2 + 1));
  }
}
