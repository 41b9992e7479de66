package org.alphaquant.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** A server in a container that keeps its files and its port when it is started again. */
final class RestartableContainer implements RestartableDatabase.Server {
  private final int port = freePort();
  private final PostgreSQLContainer postgres = new PostgreSQLContainer(ContainerServer.IMAGE);

  RestartableContainer() {
    // Docker chooses another port at every start unless it is told one.
    postgres.setPortBindings(List.of(port + ":" + ContainerServer.PORT));
    postgres.start();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public JdbcConnectionDetails details() {
    return new TestDatabases.Connectable(
        "jdbc:postgresql://%s:%d/%s".formatted(postgres.getHost(), port, "postgres"),
        postgres.getUsername(),
        postgres.getPassword());
  }

  @Override
  public void stop() {
    postgres.getDockerClient().stopContainerCmd(postgres.getContainerId()).exec();
  }

  @Override
  public void crash() {
    postgres.getDockerClient().killContainerCmd(postgres.getContainerId()).exec();
  }

  @Override
  public void start() {
    postgres.getDockerClient().startContainerCmd(postgres.getContainerId()).exec();
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(this::answers);
  }

  private boolean answers() {
    JdbcConnectionDetails details = details();
    try {
      DriverManager.getConnection(
              details.getJdbcUrl(), details.getUsername(), details.getPassword())
          .close();
      return true;
    } catch (SQLException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    postgres.stop();
  }
}
