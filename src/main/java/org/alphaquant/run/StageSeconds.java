package org.alphaquant.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Seconds per stage of a run; repeated stages add up. */
final class StageSeconds {

  private final Map<String, Double> seconds = new LinkedHashMap<>();

  <T> T of(String stage, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      seconds.merge(stage, (System.nanoTime() - start) / 1e9, Double::sum);
    }
  }

  void of(String stage, Runnable work) {
    of(
        stage,
        () -> {
          work.run();
          return null;
        });
  }

  Map<String, Double> soFar() {
    return Collections.unmodifiableMap(seconds);
  }
}
