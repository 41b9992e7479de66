package org.alphaquant.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alphaquant.AlphaQuantServer;
import org.alphaquant.QuickJvm;
import org.alphaquant.Waiting;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** The whole service in a process of its own, which keeps its port when it is started again. */
final class ServiceProcess implements AutoCloseable {
  static final String SETUP_TOKEN = "a-token-of-the-tests";

  // The unit of "ulimit -f" in a POSIX shell.
  private static final int POSIX_BLOCK = 512;
  private static final int ANSWER_MILLIS = 2000;

  private final List<String> command;
  private final Map<String, String> environment = new HashMap<>();
  private final Path log;
  private final String base;
  private Process process;

  ServiceProcess(JdbcConnectionDetails database, Path data, String... properties) {
    this(data, properties);
    command.add("--spring.datasource.url=" + database.getJdbcUrl());
    command.add("--spring.datasource.username=" + database.getUsername());
    command.add("--spring.datasource.password=" + database.getPassword());
  }

  /** With the database that it brings along. */
  ServiceProcess(Path data, String... properties) {
    int port = freePort();
    base = "http://localhost:" + port;
    log = data.resolve("service-" + port + ".log");
    command =
        new ArrayList<>(
            List.of(
                java(
                    "--server.port=" + port,
                    "--management.server.port=0",
                    "--alphaquant.security.setup-token=" + SETUP_TOKEN,
                    "--alphaquant.data-dir=" + data,
                    "--alphaquant.models.roots=" + Path.of("examples/models").toAbsolutePath(),
                    "--alphaquant.files.roots=" + Path.of("examples").toAbsolutePath())));
    for (String property : properties) {
      command.add("--" + property);
    }
  }

  /** The command line of the jar's program with these arguments. */
  static String[] java(String... arguments) {
    List<String> all =
        QuickJvm.command(
            AlphaQuantServer.class,
            "-Xmx512m",
            "-Dalphaquant.ends-with=" + ProcessHandle.current().pid(),
            "-Dalphaquant.runner.options=" + QuickJvm.RUNNER_OPTIONS);
    all.addAll(List.of(arguments));
    return all.toArray(String[]::new);
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * From its next start on no file of the process can become longer, which is what a full disk does
   * to a large file, and needs no right to mount one.
   */
  void limitFiles(long bytes) {
    command.addAll(
        0,
        List.of("sh", "-c", "ulimit -S -f " + bytes / POSIX_BLOCK + " && exec \"$@\"", "service"));
  }

  /** From its next start on they can. */
  void unlimitFiles() {
    command.subList(0, 4).clear();
  }

  /** From its next start on. */
  void environment(String name, String value) {
    environment.put(name, value);
  }

  /** Starts it, or starts it again; returns at once. */
  void start() {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it answers. */
  String base() {
    return base;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it answers at this moment. */
  boolean isServing() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(base + "/livez").toURL().openConnection();
      connection.setConnectTimeout(ANSWER_MILLIS);
      connection.setReadTimeout(ANSWER_MILLIS);
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException starting) {
      return false;
    }
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends a signal: KILL, TERM, STOP, CONT. Nothing happens where the process has ended. */
  void signal(String name) {
    signal(name, process.pid());
  }

  /** Sends a signal to the process and to its runners. */
  void signalAll(String name) {
    signal(name);
    runners().forEach(runner -> signal(name, runner));
  }

  /** Its runners' process ids. */
  List<Long> runners() {
    return children()
        .filter(child -> child.info().command().orElse("").endsWith("java"))
        .map(ProcessHandle::pid)
        .toList();
  }

  Stream<ProcessHandle> children() {
    return process.children();
  }

  /** Sends a signal to one process. */
  static void signal(String name, long pid) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(pid))
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
