package org.alphaquant.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.alphaquant.Waiting;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** A server of this machine, in a directory that is kept. */
final class RestartableEmbedded implements RestartableDatabase.Server {
  private final Path directory;
  private final int port;
  private EmbeddedPostgres server;

  RestartableEmbedded(Path directory) {
    this.directory = directory;
    this.server = start(0);
    this.port = server.getPort();
  }

  @Override
  public JdbcConnectionDetails details() {
    return new TestDatabases.Connectable(
        "jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres");
  }

  @Override
  public void start() {
    server = start(port);
  }

  private EmbeddedPostgres start(int atPort) {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setDataDirectory(directory)
              .setCleanDataDirectory(false)
              .setPGStartupWait(Waiting.LONGEST)
              .setServerConfig("max_connections", "100")
              // Off by default here; the machine itself does not crash, so that fsync may stay off.
              .setServerConfig("synchronous_commit", "on");
      return atPort == 0 ? builder.start() : builder.setPort(atPort).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stop() {
    close();
  }

  /** SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, and recovery at the next start. */
  @Override
  public void crash() {
    try {
      String pid = Files.readAllLines(directory.resolve("postmaster.pid")).get(0);
      new ProcessBuilder("kill", "-QUIT", pid).start().waitFor();
      ProcessHandle.of(Long.parseLong(pid))
          .ifPresent(
              process ->
                  process.onExit().orTimeout(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS).join());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    close();
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
