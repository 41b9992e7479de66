package org.alphaquant.security;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** Knows who may come in, without asking the database for every request. */
@Component
class Gate {

  private static final int MOST_CACHED = 10_000;

  private final ApiKeys keys;
  private final long cacheNanos;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private volatile boolean keysExist;
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
      askedAt = System.nanoTime();
      keysExist = keys.exist();
    }
    return !keysExist;
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
