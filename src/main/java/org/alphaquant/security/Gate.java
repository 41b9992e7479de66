package org.alphaquant.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Optional;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/** Authenticates keys, with a cache in front of the database. */
@Component
class Gate {

  private static final int MAX_CACHED = 10_000;

  private final ApiKeys keys;
  private final long cacheNanos;
  private final Cache<String, ApiKey> known;
  private volatile boolean keysExist;
  private volatile boolean asked;
  private volatile long askedAt;

  Gate(ApiKeys keys, SecuritySettings settings) {
    this.keys = keys;
    this.cacheNanos = settings.keyCache().toNanos();
    this.known =
        Caffeine.newBuilder().maximumSize(MAX_CACHED).expireAfterWrite(settings.keyCache()).build();
    this.askedAt = System.nanoTime() - cacheNanos - 1;
  }

  /** Whether anonymous access is allowed. Once false it stays false. */
  boolean isOpen() {
    if (!keysExist && System.nanoTime() - askedAt > cacheNanos) {
      ask();
    }
    return !keysExist;
  }

  /**
   * While the database is unavailable nobody can create the first key, so the last answer holds.
   */
  private void ask() {
    askedAt = System.nanoTime();
    try {
      keysExist = keys.exist();
      asked = true;
    } catch (DataAccessException e) {
      if (!asked) {
        askedAt -= cacheNanos + 1;
        throw e;
      }
    }
  }

  /** Ends anonymous access at once when a key was created here. */
  void keyCreated() {
    keysExist = true;
  }

  void keyRevoked() {
    known.invalidateAll();
  }

  /** A recently accepted key. */
  Optional<ApiKey> known(String text) {
    return Optional.ofNullable(known.getIfPresent(text));
  }

  /** Looks a key up; empty if it is unknown, has expired or was revoked. */
  Optional<ApiKey> admit(String text) {
    Optional<ApiKey> key = KeyText.parse(text).flatMap(keys::authenticate);
    key.ifPresent(
        found -> {
          known.put(text, found);
          keys.used(found.id());
        });
    return key;
  }
}
