package org.alphaquant.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.deploy.Tools;

/**
 * Debian's PostgreSQL with TLS, and its PgBouncer in transaction mode before it, as an
 * administrator sets them up. Both refuse to run as root, and run as the user {@code postgres}
 * there.
 */
final class DebianPostgres implements AutoCloseable {
  private static final String ADMINISTRATOR = "postgres";
  private static final String PASSWORD = "secret";

  private final Path directory;
  private final Path binaries;
  private final int port = freePort();
  private final int poolerPort = freePort();
  private final List<Process> processes = new ArrayList<>();

  DebianPostgres(Path directory) throws IOException {
    Tools.need("openssl", "pgbouncer", "psql", "runuser");
    this.directory = directory;
    this.binaries = binaries();
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("password"), PASSWORD);
    certificate();
    own();
    startServer();
    startPooler();
  }

  private static Path binaries() throws IOException {
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions.max(Comparator.naturalOrder()).orElseThrow().resolve("bin");
    }
  }

  private void certificate() {
    Tools.run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        directory.resolve("server.key").toString(),
        "-out",
        certificateFile().toString());
  }

  Path certificateFile() {
    return directory.resolve("server.crt");
  }

  private void startServer() throws IOException {
    Path data = directory.resolve("data");
    Tools.run(
        asPostgres(
            binaries.resolve("initdb").toString(),
            "-D",
            data.toString(),
            "-U",
            ADMINISTRATOR,
            "-A",
            "scram-sha-256",
            "--pwfile",
            directory.resolve("password").toString()));
    Files.writeString(data.resolve("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
    start(
        binaries.resolve("postgres").toString(),
        "-D",
        data.toString(),
        "-p",
        "" + port,
        "-k",
        directory.toString(),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "ssl=on",
        "-c",
        "ssl_cert_file=" + certificateFile(),
        "-c",
        "ssl_key_file=" + directory.resolve("server.key"));
    await().until(() -> answers(port));
  }

  private void startPooler() throws IOException {
    Files.writeString(directory.resolve("users"), "\"alphaquant_service\" \"change-me-2\"\n");
    Path config =
        Files.writeString(
            directory.resolve("pgbouncer.ini"),
            """
            [databases]
            alphaquant = host=127.0.0.1 port=%d dbname=alphaquant
            restored = host=127.0.0.1 port=%d dbname=restored
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = %d
            unix_socket_dir =
            pool_mode = transaction
            default_pool_size = 5
            auth_type = scram-sha-256
            auth_file = %s
            ignore_startup_parameters = extra_float_digits
            client_tls_sslmode = require
            client_tls_cert_file = %s
            client_tls_key_file = %s
            server_tls_sslmode = require
            """
                .formatted(
                    port,
                    port,
                    poolerPort,
                    directory.resolve("users"),
                    certificateFile(),
                    directory.resolve("server.key")));
    own();
    start("/usr/sbin/pgbouncer", config.toString());
    await().until(() -> answers(poolerPort));
  }

  /** The address of a database, past the pooler. */
  String url(String database) {
    return "jdbc:postgresql://localhost:%d/%s?%s".formatted(port, database, tls());
  }

  /** The address of a database behind the pooler. */
  String pooledUrl(String database) {
    return "jdbc:postgresql://localhost:%d/%s?prepareThreshold=0&%s"
        .formatted(poolerPort, database, tls());
  }

  private String tls() {
    return "sslmode=verify-full&sslrootcert=" + certificateFile();
  }

  /** Runs SQL as the administrator, with psql, and returns what it printed. */
  String psql(String database, String sql) {
    return client("psql", "-v", "ON_ERROR_STOP=1", "-qAt", "-d", database, "-c", sql);
  }

  /** Runs a file of SQL as the administrator. */
  void psqlFile(Path file) {
    client("psql", "-v", "ON_ERROR_STOP=1", "-q", "-f", file.toString());
  }

  /** Runs one of PostgreSQL's programs against the server, as the administrator. */
  String client(String program, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "PGPASSWORD=" + PASSWORD,
                "PGSSLMODE=require",
                binaries.resolve(program).toString(),
                "-h",
                "127.0.0.1",
                "-p",
                "" + port,
                "-U",
                ADMINISTRATOR));
    command.addAll(List.of(arguments));
    return Tools.run(command.toArray(String[]::new)).strip();
  }

  private void start(String... command) throws IOException {
    processes.add(
        new ProcessBuilder(asPostgres(command))
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("servers.log").toFile()))
            .start());
  }

  private void own() {
    if (isRoot()) {
      Tools.run("chown", "-R", ADMINISTRATOR, directory.toString());
    }
    Tools.run("chmod", "600", directory.resolve("server.key").toString());
  }

  private static String[] asPostgres(String... command) {
    List<String> all = new ArrayList<>();
    if (isRoot()) {
      all.addAll(List.of("runuser", "-u", ADMINISTRATOR, "--"));
    }
    all.addAll(List.of(command));
    return all.toArray(String[]::new);
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      process.onExit().join();
    }
  }
}
