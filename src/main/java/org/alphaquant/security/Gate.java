package org.alphaquant.security;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/** Knows who may come in, without asking the database for every request. */
@Component
class Gate {

  private static final int MOST_CACHED = 10_000;

  private final ApiKeys keys;
  private final long cacheNanos;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private volatile boolean keysExist;
  private volatile boolean asked;
  private volatile long askedAt;

  Gate(ApiKeys keys, SecuritySettings settings) {
    this.keys = keys;
    this.cacheNanos = settings.keyCache().toNanos();
    this.askedAt = System.nanoTime() - cacheNanos - 1;
  }

  private record Known(ApiKey key, long at) {}

  /** Whether everybody may come in. Once false it stays false. */
  boolean isOpen() {
    if (!keysExist && System.nanoTime() - askedAt > cacheNanos) {
      ask();
    }
    return !keysExist;
  }

  /** While the database is away nobody can make a first key, so what was true still is. */
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

  /** Shuts the gate at once where a key was just made. */
  void keyMade() {
    keysExist = true;
  }

  void keyRevoked() {
    known.clear();
  }

  Optional<ApiKey> admit(String text) {
    Known cached = known.get(text);
    if (cached != null && System.nanoTime() - cached.at() <= cacheNanos) {
      return Optional.of(cached.key());
    }
    known.remove(text);
    Optional<ApiKey> key = KeyText.parse(text).flatMap(keys::authenticate);
    key.ifPresent(found -> remember(text, found));
    return key;
  }

  private void remember(String text, ApiKey key) {
    if (known.size() >= MOST_CACHED) {
      known.clear();
    }
    known.put(text, new Known(key, System.nanoTime()));
    keys.used(key.id());
  }
}
