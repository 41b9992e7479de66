package org.alphaquant.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a PostgreSQL server whose parent process was killed, or removes its stale process id file.
 * Only the holder of the data directory's lock may call this, because then the parent cannot be
 * alive.
 */
final class AbandonedPostgres {
  private static final Logger log = LoggerFactory.getLogger(AbandonedPostgres.class);

  private AbandonedPostgres() {}

  static void stop(Path data) throws IOException {
    Path pidFile = data.resolve("postmaster.pid");
    Optional<ProcessHandle> server = server(pidFile, data);
    if (server.isPresent()) {
      log.info("Stopping the PostgreSQL that a killed server left behind in {}", data);
      stop(server.get());
    }
    Files.deleteIfExists(pidFile);
  }

  private static Optional<ProcessHandle> server(Path pidFile, Path data) throws IOException {
    if (!Files.exists(pidFile)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(pidFile);
    // Process ids are reused, so check that the process is a PostgreSQL server.
    return lines.size() < 2 || !lines.get(1).equals(data.toString())
        ? Optional.empty()
        : ProcessHandle.of(Long.parseLong(lines.get(0).trim()))
            .filter(process -> process.info().command().orElse("").endsWith("postgres"));
  }

  private static void stop(ProcessHandle server) throws IOException {
    // SIGINT: end all sessions, write a checkpoint, stop.
    new ProcessBuilder("kill", "-INT", Long.toString(server.pid())).start();
    try {
      server.onExit().get(20, TimeUnit.SECONDS);
    } catch (TimeoutException stuck) {
      server.destroyForcibly();
    } catch (ExecutionException e) {
      throw new IOException("cannot watch process " + server.pid(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while PostgreSQL stops", e);
    }
  }
}
