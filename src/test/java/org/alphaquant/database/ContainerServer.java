package org.alphaquant.database;

import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** A PostgreSQL in a container, which ends with this process. */
final class ContainerServer implements TestDatabases.Server {
  static final String IMAGE = "postgres:17";
  static final int PORT = 5432;

  private final PostgreSQLContainer postgres =
      new PostgreSQLContainer(IMAGE).withCommand("postgres", "-c", "max_connections=400");

  ContainerServer() {
    postgres.start();
  }

  @Override
  public JdbcConnectionDetails database(String name) {
    return new TestDatabases.Connectable(
        "jdbc:postgresql://%s:%d/%s"
            .formatted(postgres.getHost(), postgres.getMappedPort(PORT), name),
        postgres.getUsername(),
        postgres.getPassword());
  }
}
