package org.alphaquant.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.database.TcpProxy;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/**
 * Replicas of the service on one database and one data directory, each behind a line of its own.
 */
final class Fleet implements AutoCloseable {
  static final int LEASE_SECONDS = 6;

  private final RestartableDatabase database;
  private final List<Replica> replicas = new ArrayList<>();

  /** One process, and its line to the database. */
  record Replica(ServiceProcess process, TcpProxy line) {}

  Fleet(int size, Path folder) throws IOException {
    database = new RestartableDatabase(folder.resolve("postgres"));
    Path data = Files.createDirectories(folder.resolve("data"));
    for (int i = 0; i < size; i++) {
      TcpProxy line = new TcpProxy(database.details());
      JdbcConnectionDetails through = line.through(database.details());
      ServiceProcess process =
          new ServiceProcess(folder.resolve("replica-" + i + ".log"), properties(through, data));
      replicas.add(new Replica(process, line));
      process.start();
    }
  }

  // Times are short, so that a run of seconds sees what a service sees in days.
  private static List<String> properties(JdbcConnectionDetails database, Path data) {
    Path examples = Path.of("examples").toAbsolutePath();
    return List.of(
        "spring.datasource.url=" + database.getJdbcUrl(),
        "spring.datasource.username=" + database.getUsername(),
        "spring.datasource.password=" + database.getPassword(),
        "spring.datasource.hikari.connection-timeout=2000",
        "spring.datasource.hikari.data-source-properties.socketTimeout=4",
        "alphaquant.data-dir=" + data,
        "alphaquant.models.roots=" + examples.resolve("models"),
        "alphaquant.files.roots=" + examples,
        "alphaquant.worker.devices=cpu",
        "alphaquant.worker.lease=" + LEASE_SECONDS + "s",
        "alphaquant.worker.renew-every=1s",
        "alphaquant.worker.trust-margin=2s",
        "alphaquant.worker.poll-every=500ms",
        "alphaquant.worker.reap-every=500ms",
        "alphaquant.worker.retry-backoff=200ms",
        "alphaquant.worker.progress-every=50ms",
        // Chance may end the same job's worker again and again; that is no fault of the job.
        "alphaquant.worker.lost-leases=1000",
        "alphaquant.worker.drain-grace=5s",
        "alphaquant.retention.sweep-every=2s",
        "alphaquant.events.heartbeat=1s",
        "alphaquant.events.poll-every=1s");
  }

  List<Replica> replicas() {
    return replicas;
  }

  List<String> addresses() {
    return replicas.stream().map(replica -> replica.process().address()).toList();
  }

  JdbcConnectionDetails database() {
    return database.details();
  }

  void restartDatabase() {
    database.stop();
    database.start();
  }

  /** Ends every fault: all lines pass, and every process runs. */
  void repair() {
    for (Replica replica : replicas) {
      replica.line().recover();
      if (replica.process().isAlive()) {
        replica.process().thaw();
      } else {
        replica.process().start();
      }
    }
  }

  String logs() {
    return String.join(
        "\n", Stream.of(replicas).flatMap(List::stream).map(it -> it.process().log()).toList());
  }

  @Override
  public void close() throws IOException {
    for (Replica replica : replicas) {
      replica.process().close();
      replica.line().close();
    }
    database.close();
  }
}
