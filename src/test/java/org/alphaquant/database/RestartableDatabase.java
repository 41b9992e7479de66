package org.alphaquant.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.flywaydb.core.Flyway;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** A migrated PostgreSQL server of its own, to be stopped and started with its data and port. */
public final class RestartableDatabase implements AutoCloseable {
  private final Path directory;
  private final int port;
  private EmbeddedPostgres server;

  public RestartableDatabase(Path directory) {
    this.directory = directory;
    this.server = start(0);
    this.port = server.getPort();
    JdbcConnectionDetails details = details();
    Flyway.configure()
        .dataSource(details.getJdbcUrl(), details.getUsername(), details.getPassword())
        .load()
        .migrate();
  }

  public JdbcConnectionDetails details() {
    return new TestDatabases.Connectable(
        "jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres");
  }

  /** Ends the server: every session breaks, and new ones are refused. */
  public void stop() {
    close();
  }

  /** Starts it again where it was. */
  public void start() {
    server = start(port);
  }

  private EmbeddedPostgres start(int atPort) {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setDataDirectory(directory)
              .setCleanDataDirectory(false)
              .setServerConfig("max_connections", "100");
      return atPort == 0 ? builder.start() : builder.setPort(atPort).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
