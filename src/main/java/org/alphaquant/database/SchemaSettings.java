package org.alphaquant.database;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who brings the database's schema up to date.
 *
 * @param migrate whether a start of the service does; otherwise the command {@code migrate} does,
 *     as a user who may change tables, and the service waits for it
 * @param schemaWait how long a start waits for that command before it fails
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
