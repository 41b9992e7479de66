package org.alphaquant.quickstart;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alphaquant.client.ClientException;

/** The service as a process of its own, with its output in a file. */
final class ServiceProcess {
  private static final Duration STOP_WAIT = Duration.ofSeconds(60);

  private final Process process;
  private final Path log;

  private ServiceProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static ServiceProcess start(QuickstartOptions options, Path jar) {
    Path log = options.log();
    try {
      Files.createDirectories(log.getParent());
      ProcessBuilder builder =
          new ProcessBuilder(command(options, jar))
              .redirectInput(ProcessBuilder.Redirect.from(nothing()))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      return new ServiceProcess(builder.start(), log);
    } catch (IOException e) {
      throw new ClientException("the service cannot be started: " + e.getMessage(), e);
    }
  }

  private static List<String> command(QuickstartOptions options, Path jar) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // PyTorch does the work; a better compiler would not pay.
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dalphaquant.runner.options=-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-Dalphaquant.ends-with=" + ProcessHandle.current().pid());
    // Nobody waits long after Ctrl-C; the next start resumes the job.
    command.add("-Dalphaquant.worker.drain-grace=3s");
    command.add("-jar");
    command.add(jar.toString());
    command.addAll(properties(options));
    return command;
  }

  /** A property given twice would be read as a list of both, so those asked for replace ours. */
  static List<String> properties(QuickstartOptions options) {
    List<String> asked = options.properties();
    List<String> own =
        List.of(
            "--server.port=" + options.port(),
            "--management.server.port=" + options.managementPort(),
            "--alphaquant.data-dir=" + options.dataDir(),
            "--alphaquant.models.roots=" + Path.of("examples/models").toAbsolutePath(),
            "--alphaquant.files.roots=" + Path.of("examples").toAbsolutePath());
    return Stream.concat(
            own.stream()
                .filter(it -> asked.stream().noneMatch(other -> name(other).equals(name(it)))),
            asked.stream())
        .toList();
  }

  private static String name(String property) {
    return property.split("=", 2)[0];
  }

  private static File nothing() {
    return new File("/dev/null");
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * @throws ClientException naming the log and its last meaningful line if the service is gone
   */
  void check() {
    if (!process.isAlive()) {
      throw failure("the service ended with status " + process.exitValue());
    }
  }

  /** A failure told with the log's last meaningful line. */
  ClientException failure(String what) {
    String line = ServiceLog.lastMeaningful(log).map(text -> ": " + text).orElse("");
    return new ClientException("%s%s\nIts log is %s".formatted(what, line, log));
  }

  /** Returns when it has ended. */
  void await() throws InterruptedException {
    process.waitFor();
  }

  /** Stops it in order, and by force if it does not end; returns when it has ended. */
  void stop() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_WAIT.toSeconds(), TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
