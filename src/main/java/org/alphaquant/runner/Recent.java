package org.alphaquant.runner;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Maps that evict the least recently used entry. */
final class Recent {
  private static final float LOAD = 0.75f;

  private Recent() {}

  /** A thread-safe map with at most this many entries. */
  static <K, V> Map<K, V> map(int most) {
    return Collections.synchronizedMap(
        new LinkedHashMap<>(16, LOAD, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
          }
        });
  }
}
