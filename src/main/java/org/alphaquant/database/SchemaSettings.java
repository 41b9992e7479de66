package org.alphaquant.database;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the database schema is migrated.
 *
 * @param migrate whether the service migrates the schema at startup; otherwise the command {@code
 *     migrate} does, as a user with the right to change tables, and the service waits for it
 * @param schemaWait how long the startup waits for that command before it fails
 */
@ConfigurationProperties("alphaquant.database")
record SchemaSettings(
    @DefaultValue("true") boolean migrate, @DefaultValue("2m") Duration schemaWait) {
  SchemaSettings {
    if (schemaWait.isNegative()) {
      throw new IllegalArgumentException(
          "alphaquant.database.schema-wait is %s but must not be negative".formatted(schemaWait));
    }
  }
}
