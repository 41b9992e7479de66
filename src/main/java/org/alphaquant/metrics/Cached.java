package org.alphaquant.metrics;

import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** A figure from the database, cached so that frequent scrapes do not load it. */
final class Cached<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Cached.class);

  private final Supplier<T> source;
  private final T unknown;
  private final long lifeNanos;
  private T value;
  private long askedAt;

  Cached(Duration life, Supplier<T> source, T unknown) {
    this.lifeNanos = life.toNanos();
    this.source = source;
    this.unknown = unknown;
  }

  synchronized T get() {
    long now = System.nanoTime();
    if (value == null || now - askedAt > lifeNanos) {
      askedAt = now;
      value = ask();
    }
    return value;
  }

  /** A scrape must also work while the database is away, and must not show old figures then. */
  private T ask() {
    try {
      return source.get();
    } catch (DataAccessException e) {
      LOG.debug("No figures from the database", e);
      return unknown;
    }
  }
}
