package org.alphaquant.database;

import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.alphaquant.Waiting;
import org.flywaydb.core.Flyway;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Real databases for tests: one PostgreSQL server per JVM, and each caller gets a database of its
 * own, copied from a migrated template. Where the server comes from is {@link Server}'s business.
 */
public final class TestDatabases {
  private static final String TEMPLATE = "alphaquant_template";

  private TestDatabases() {}

  /** A new, migrated, empty database. */
  public static JdbcConnectionDetails create() {
    String name = "test_" + UUID.randomUUID().toString().replace("-", "");
    Holder.SERVER.execute("create database " + name + " template " + TEMPLATE);
    return Holder.SERVER.database(name);
  }

  /**
   * A client of a new database, whose connections are kept: to open one takes longer than most
   * statements.
   */
  public static JdbcClient client() {
    JdbcConnectionDetails database = create();
    HikariDataSource connections = new HikariDataSource();
    connections.setJdbcUrl(database.getJdbcUrl());
    connections.setUsername(database.getUsername());
    connections.setPassword(database.getPassword());
    connections.setMinimumIdle(0);
    connections.setIdleTimeout(10_000);
    return JdbcClient.create(connections);
  }

  /** A new database without a table, as an administrator hands it over. */
  public static JdbcConnectionDetails createEmpty() {
    String name = "test_" + UUID.randomUUID().toString().replace("-", "");
    Holder.SERVER.execute("create database " + name);
    return Holder.SERVER.database(name);
  }

  /** Ends every session of a database, as a restart of the server would. */
  public static void endSessions(JdbcConnectionDetails database) {
    String url = database.getJdbcUrl();
    String name = url.substring(url.lastIndexOf('/') + 1);
    Holder.SERVER.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'");
  }

  /** Whether servers run in containers. */
  static boolean inContainers() {
    return System.getProperty("alphaquant.test.database", "embedded").equals("container");
  }

  /** A server that databases can be made in. */
  public interface Server {
    JdbcConnectionDetails database(String name);

    default void execute(String sql) {
      JdbcConnectionDetails postgres = database("postgres");
      try (Connection connection =
              DriverManager.getConnection(
                  postgres.getJdbcUrl(), postgres.getUsername(), postgres.getPassword());
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
      } catch (SQLException e) {
        throw new IllegalStateException(sql, e);
      }
    }
  }

  /** Where a database is and who may use it. */
  public record Connectable(String getJdbcUrl, String getUsername, String getPassword)
      implements JdbcConnectionDetails {}

  private static final class Holder {
    private static final Server SERVER = migrated(start());

    private static Server start() {
      return inContainers() ? new ContainerServer() : embedded();
    }

    private static Server embedded() {
      try {
        EmbeddedPostgres postgres =
            EmbeddedPostgres.builder()
                .setServerConfig("max_connections", "400")
                .setPGStartupWait(Waiting.LONGEST)
                .start();
        return name ->
            new Connectable(
                "jdbc:postgresql://localhost:" + postgres.getPort() + "/" + name,
                "postgres",
                "postgres");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Server migrated(Server server) {
      server.execute("create database " + TEMPLATE);
      JdbcConnectionDetails template = server.database(TEMPLATE);
      Flyway.configure()
          .dataSource(template.getJdbcUrl(), template.getUsername(), template.getPassword())
          .load()
          .migrate();
      return server;
    }
  }
}
