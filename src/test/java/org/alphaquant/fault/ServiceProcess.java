package org.alphaquant.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.alphaquant.AlphaQuantServer;

/**
 * The service as it is shipped, in a process that can be killed, frozen, ended and started again.
 */
final class ServiceProcess implements AutoCloseable {
  private final List<String> properties;
  private final Path log;
  private final int port = freePort();
  private Process process;

  /**
   * @param log what all its processes print, one after another
   * @param properties as arguments have them, without the dashes
   */
  ServiceProcess(Path log, List<String> properties) {
    this.log = log;
    this.properties = List.copyOf(properties);
  }

  void start() {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dalphaquant.ends-with=" + ProcessHandle.current().pid(),
                "-cp",
                System.getProperty("java.class.path"),
                AlphaQuantServer.class.getName(),
                "--server.port=" + port,
                "--management.server.port=0"));
    properties.forEach(property -> command.add("--" + property));
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(Redirect.appendTo(log.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String address() {
    return "http://localhost:" + port;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly();
    awaitEnd(Duration.ofSeconds(30));
  }

  /** SIGTERM, and the time until it is gone. */
  Duration terminate() {
    long asked = System.nanoTime();
    signal("TERM");
    awaitEnd(Duration.ofSeconds(60));
    return Duration.ofNanos(System.nanoTime() - asked);
  }

  /** SIGSTOP: it stands still, with all its connections open. */
  void freeze() {
    signal("STOP");
  }

  /** SIGCONT. */
  void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitEnd(Duration longest) {
    try {
      if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("still alive after " + longest + ":\n" + log());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (process != null) {
      kill();
    }
  }
}
