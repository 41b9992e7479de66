package org.alphaquant.cache;

import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Renewals.Held;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes models that no process uses. */
final class Eviction {

  private static final Logger log = LoggerFactory.getLogger(Eviction.class);

  private final SnapshotCache cache;
  private final CacheRows rows;
  private final Renewals renewals;

  Eviction(SnapshotCache cache, CacheRows rows, Renewals renewals) {
    this.cache = cache;
    this.rows = rows;
    this.renewals = renewals;
  }

  /**
   * Deletes the least recently used repositories until there is enough room, and no more than
   * needed.
   *
   * @throws FetchException if everything left is in use
   */
  void makeRoom(long needed, long limit) {
    long taken = cache.folders().stream().mapToLong(cache::bytes).sum();
    for (Map.Entry<String, Long> idle : rows.idle()) {
      if (taken + needed <= limit) {
        return;
      }
      long bytes = cache.bytes(idle.getKey());
      if (delete(idle.getKey())) {
        log.info("{} was deleted from the cache to make room", idle.getKey());
        taken -= bytes;
      }
    }
    if (taken + needed > limit) {
      throw new FetchException(
          Kind.NO_SPACE,
          "%d more bytes are needed in the cache, which holds %d of at most %d (alphaquant.hub.max-cache-size), all in use"
              .formatted(needed, taken, limit));
    }
  }

  /** Deletes a repository; false where it is in use. */
  boolean delete(String name) {
    UUID deleter = UUID.randomUUID();
    if (!rows.beginDelete(name, deleter)) {
      return false;
    }
    try (Held held =
        renewals.keep(() -> rows.renewDelete(name, deleter), () -> rows.endDelete(name, deleter))) {
      if (!held.isLost()) {
        cache.delete(name);
      }
      return true;
    } catch (IOException e) {
      throw new FetchException(
          Kind.UNAVAILABLE,
          "'%s' cannot be deleted: %s".formatted(name, FetchException.reason(e)),
          e);
    }
  }
}
