package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.alphaquant.QuickJvm;
import org.alphaquant.Waiting;
import org.alphaquant.database.TestDatabases;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** A worker with the scripted runner in a process of its own, to be killed, stopped and ended. */
final class WorkerProcess implements AutoCloseable {
  private static final String READY = "worker ";

  private final Process process;
  private final Path log;

  private WorkerProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Returns at once; {@link #worker} waits until it runs jobs. */
  static WorkerProcess start(JdbcConnectionDetails database, Path data, String... properties) {
    try {
      Path log = Files.createTempFile(data, "worker-", ".log");
      List<String> command = QuickJvm.command(WorkerProcess.class, "-Xmx256m");
      command.addAll(
          List.of(
              database.getJdbcUrl(),
              database.getUsername(),
              database.getPassword(),
              data.toString()));
      command.addAll(List.of(properties));
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new WorkerProcess(process, log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The worker's id in the rows that it holds. */
  UUID worker() {
    await()
        .atMost(Duration.ofMinutes(2))
        .failFast(() -> assertThat(process.isAlive()).as(log()).isTrue())
        .until(() -> ready().isPresent());
    return ready().orElseThrow();
  }

  private Optional<UUID> ready() {
    return log()
        .lines()
        .filter(line -> line.startsWith(READY))
        .map(line -> UUID.fromString(line.substring(READY.length())))
        .findFirst();
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
    exitStatus(Waiting.LONGEST);
  }

  /** SIGTERM. */
  void terminate() {
    // Process.destroy would also close its input, which means that the test is gone.
    signal("TERM");
  }

  /** SIGSTOP: the process stands still, with all its connections open. */
  void freeze() {
    signal("STOP");
  }

  /** SIGCONT. */
  void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
      if (kill.waitFor() != 0) {
        throw new IllegalStateException("kill -" + name + " " + process.pid() + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for its end. */
  int exitStatus(Duration longest) {
    try {
      if (!process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("still alive after " + longest + ":\n" + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Runs until it is ended, or until the test that started it is gone. */
  public static void main(String[] arguments) throws IOException {
    JdbcConnectionDetails database =
        new TestDatabases.Connectable(arguments[0], arguments[1], arguments[2]);
    String[] properties = Arrays.copyOfRange(arguments, 4, arguments.length);
    TestWorker worker =
        new TestWorker(database, Path.of(arguments[3]), new ScriptedRunner(), properties);
    System.out.println(READY + worker.get(Worker.class).id());
    int read = System.in.read();
    Runtime.getRuntime().halt(read);
  }
}
