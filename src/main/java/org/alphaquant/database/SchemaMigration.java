package org.alphaquant.database;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.stereotype.Component;

/**
 * Migrates the schema, or waits until the command {@code migrate} has. Accepts a newer schema,
 * because migrations stay compatible with the previous release.
 */
@Component
final class SchemaMigration implements FlywayMigrationStrategy {
  private static final Logger log = LoggerFactory.getLogger(SchemaMigration.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final SchemaSettings settings;

  SchemaMigration(SchemaSettings settings) {
    this.settings = settings;
  }

  @Override
  public void migrate(Flyway flyway) {
    if (settings.migrate()) {
      flyway.migrate();
    } else {
      awaitSchema(flyway);
    }
  }

  private void awaitSchema(Flyway flyway) {
    long start = System.nanoTime();
    String missing = missing(flyway);
    if (!missing.isEmpty()) {
      log.info("Waiting up to {} for the command migrate: {}", settings.schemaWait(), missing);
    }
    while (!missing.isEmpty()) {
      if (System.nanoTime() - start > settings.schemaWait().toNanos()) {
        throw new DatabaseStartException(
            "The database's schema lacks %s. Run the command migrate of this release on it, or set alphaquant.database.migrate=true."
                .formatted(missing),
            null);
      }
      pause();
      missing = missing(flyway);
    }
  }

  private static String missing(Flyway flyway) {
    MigrationInfo[] pending = flyway.info().pending();
    return pending.length == 0
        ? ""
        : "%d of %d migrations, the first being %s"
            .formatted(
                pending.length,
                Arrays.stream(flyway.info().all()).filter(it -> it.getState().isResolved()).count(),
                pending[0].getScript());
  }

  private static void pause() {
    try {
      TimeUnit.NANOSECONDS.sleep(LOOK_EVERY.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseStartException("Interrupted while waiting for the schema", e);
    }
  }
}
