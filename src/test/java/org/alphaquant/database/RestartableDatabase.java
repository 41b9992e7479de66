package org.alphaquant.database;

import java.nio.file.Path;
import org.flywaydb.core.Flyway;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** A migrated PostgreSQL server of its own, to be stopped and started with its data and port. */
public final class RestartableDatabase implements AutoCloseable {
  private final Server server;

  public RestartableDatabase(Path directory) {
    server =
        TestDatabases.inContainers()
            ? new RestartableContainer()
            : new RestartableEmbedded(directory);
    JdbcConnectionDetails details = details();
    Flyway.configure()
        .dataSource(details.getJdbcUrl(), details.getUsername(), details.getPassword())
        .load()
        .migrate();
  }

  public JdbcConnectionDetails details() {
    return server.details();
  }

  /** Ends the server: every session breaks, and new ones are refused. */
  public void stop() {
    server.stop();
  }

  /**
   * Ends the server at once, as a crash does: it writes nothing more, and recovers at its start.
   */
  public void crash() {
    server.crash();
  }

  /** Starts it again where it was. */
  public void start() {
    server.start();
  }

  @Override
  public void close() {
    server.close();
  }

  /** Where it comes from. What it says to be committed is kept over a crash. */
  interface Server extends AutoCloseable {
    JdbcConnectionDetails details();

    void stop();

    void crash();

    void start();

    @Override
    void close();
  }
}
