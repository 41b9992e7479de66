package org.alphaquant.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * A PostgreSQL server as a child process, with its data in the data directory. If it crashes it is
 * restarted on the same port.
 */
final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
  private static final Duration START_WAIT = Duration.ofSeconds(60);

  private static final int ANY_PORT = 0;
  private static final long START_AGAIN_MILLIS = 1000;

  private final DataDirectoryLock lock;
  private final Path dataDirectory;
  private final String password;
  private final int port;
  private EmbeddedPostgres server;
  private boolean closed;

  private EmbeddedDatabase(
      DataDirectoryLock lock, Path dataDirectory, EmbeddedPostgres server, String password) {
    this.lock = lock;
    this.dataDirectory = dataDirectory;
    this.server = server;
    this.port = server.getPort();
    this.password = password;
  }

  static EmbeddedDatabase start(Path dataDirectory) {
    DataDirectoryLock lock = DataDirectoryLock.take(dataDirectory);
    try {
      return start(lock, dataDirectory);
    } catch (IOException | SQLException | RuntimeException e) {
      closeQuietly(lock);
      Path logFile = dataDirectory.resolve("postgres.log");
      throw new DatabaseStartException(
          "The embedded PostgreSQL in %s did not start: %s. Its own log is %s."
              .formatted(dataDirectory, e.getMessage(), logFile),
          e);
    }
  }

  private static EmbeddedDatabase start(DataDirectoryLock lock, Path dataDirectory)
      throws IOException, SQLException {
    Path data = data(dataDirectory);
    Path secret = dataDirectory.resolve("postgres.secret");
    boolean first = !Files.exists(secret);
    if (first) {
      // The secret is written last, so data without a secret is from an interrupted first start.
      FileSystemUtils.deleteRecursively(data);
    }
    AbandonedPostgres.stop(data);
    String password = first ? newPassword() : Files.readString(secret);
    EmbeddedPostgres server = launch(dataDirectory, password, ANY_PORT);
    if (first) {
      requirePassword(server, data, password);
      writeSecret(secret, password);
    }
    log.info("PostgreSQL runs in {} on port {}", data, server.getPort());
    EmbeddedDatabase database = new EmbeddedDatabase(lock, dataDirectory, server, password);
    database.watch();
    return database;
  }

  private static Path data(Path dataDirectory) {
    return dataDirectory.resolve("postgres");
  }

  // The server process may be killed, for example by the kernel when memory is short.
  private void watch() throws IOException {
    Path file = data(dataDirectory).resolve("postmaster.pid");
    long pid = Long.parseLong(Files.readAllLines(file).get(0).trim());
    ProcessHandle.of(pid)
        .map(ProcessHandle::onExit)
        .orElseGet(() -> CompletableFuture.completedFuture(null))
        .thenRun(() -> daemon(this::startAgain).start());
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "postgres-watch");
    thread.setDaemon(true);
    return thread;
  }

  private synchronized void startAgain() {
    try {
      while (!closed) {
        log.warn("PostgreSQL in {} has ended unexpectedly and is restarted", data(dataDirectory));
        try {
          server.close();
          server = launch(dataDirectory, password, port);
          watch();
          return;
        } catch (IOException | RuntimeException e) {
          log.error("PostgreSQL does not start: {}", e.getMessage());
          wait(START_AGAIN_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static EmbeddedPostgres launch(Path dataDirectory, String password, int port)
      throws IOException {
    Redirect output = Redirect.appendTo(dataDirectory.resolve("postgres.log").toFile());
    return EmbeddedPostgres.builder()
        .setDataDirectory(data(dataDirectory))
        .setPort(port)
        .setCleanDataDirectory(false)
        .setOverrideWorkingDirectory(dataDirectory.resolve("postgres-binaries").toFile())
        .setRegisterShutdownHook(false)
        .setPGStartupWait(START_WAIT)
        .setOutputRedirector(output)
        .setErrorRedirector(output)
        .setConnectConfig("password", password)
        // Overrides settings of the library that trade durability for speed in tests.
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setServerConfig("listen_addresses", "localhost")
        .start();
  }

  // A new cluster trusts every local user; from now on a connection needs the secret.
  private static void requirePassword(EmbeddedPostgres server, Path data, String password)
      throws SQLException, IOException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("alter role postgres password '" + password + "'");
      Files.write(
          data.resolve("pg_hba.conf"),
          List.of(
              "local all all scram-sha-256",
              "host all all 127.0.0.1/32 scram-sha-256",
              "host all all ::1/128 scram-sha-256"));
      statement.execute("select pg_reload_conf()");
    }
  }

  private static void writeSecret(Path secret, String password) throws IOException {
    Path written = secret.resolveSibling("postgres.secret.new");
    Files.deleteIfExists(written);
    Files.createFile(
        written,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(written, password);
    Files.move(written, secret, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String newPassword() {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  String jdbcUrl() {
    return "jdbc:postgresql://localhost:%d/postgres".formatted(port);
  }

  String password() {
    return password;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    notifyAll();
    server.close();
    lock.close();
  }

  private static void closeQuietly(DataDirectoryLock lock) {
    try {
      lock.close();
    } catch (IOException e) {
      log.debug("Lock could not be released", e);
    }
  }
}
