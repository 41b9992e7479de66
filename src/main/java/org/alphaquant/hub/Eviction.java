package org.alphaquant.hub;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.hub.HubException.Kind;
import org.alphaquant.hub.Renewals.Held;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes models that nobody uses. */
final class Eviction {

  private static final Logger log = LoggerFactory.getLogger(Eviction.class);

  private final HubCache cache;
  private final CacheRows rows;
  private final Renewals renewals;

  Eviction(HubCache cache, CacheRows rows, Renewals renewals) {
    this.cache = cache;
    this.rows = rows;
    this.renewals = renewals;
  }

  /**
   * Deletes what was used longest ago until there is room, and no more than is needed.
   *
   * @throws HubException if what is left is all in use
   */
  void makeRoom(long needed, long limit) {
    long taken = cache.repositories().stream().mapToLong(cache::bytes).sum();
    for (Map.Entry<String, Long> idle : rows.idle()) {
      if (taken + needed <= limit) {
        return;
      }
      Optional<HubReference> repository = HubReference.ofFolder(idle.getKey());
      long bytes = repository.map(cache::bytes).orElse(0L);
      if (repository.isPresent() && delete(repository.get())) {
        log.info("{} was deleted from the hub's cache to make room", repository.get().path());
        taken -= bytes;
      }
    }
    if (taken + needed > limit) {
      throw new HubException(
          Kind.NO_SPACE,
          "%d more bytes are needed in the hub's cache, which holds %d of at most %d (alphaquant.hub.max-cache-size), all in use"
              .formatted(needed, taken, limit));
    }
  }

  /** Deletes a repository; false where somebody uses it. */
  boolean delete(HubReference repository) {
    UUID deleter = UUID.randomUUID();
    String name = repository.folder();
    if (!rows.beginDelete(name, deleter)) {
      return false;
    }
    try (Held held =
        renewals.keep(() -> rows.renewDelete(name, deleter), () -> rows.endDelete(name, deleter))) {
      if (!held.isLost()) {
        cache.delete(repository);
      }
      return true;
    } catch (IOException e) {
      throw new HubException(
          Kind.UNAVAILABLE,
          "'%s' cannot be deleted: %s".formatted(repository.path(), HubRequests.reason(e)),
          e);
    }
  }
}
