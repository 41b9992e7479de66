package org.alphaquant.run;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What each stage of a run took, in seconds; a stage that comes again adds up. */
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
