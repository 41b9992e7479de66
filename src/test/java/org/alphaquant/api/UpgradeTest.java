package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.alphaquant.database.TestDatabases;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import tools.jackson.databind.JsonNode;

/**
 * The schema and the rows of release 0.1.0, made by that release at work, below this one. A release
 * adds a folder of its own here.
 */
class UpgradeTest {
  private static final Path RELEASE = Path.of("src/test/resources/upgrade/0.1.0");
  private static final String SCHEMA = "7";
  private static final String SUCCEEDED = "5a30af1b-ce45-4c72-9d47-c40ba2ec8bab";
  private static final String FAILED = "b77d2c7d-5e0d-4eac-a21c-4309b1ac06e1";
  private static final String RUNNING = "74c980ec-e344-43cc-b4bd-a0ab3e6e21b6";
  private static final String CANCELLED = "2bf90f79-a8fc-48a3-b08f-b065cc94295e";
  private static final String QUEUED = "16dfb4ee-e17c-4669-aad2-409feebc908e";

  @TempDir Path data;

  private RunningServer server;
  private String[] key;

  @BeforeEach
  void upgrade() throws IOException {
    JdbcConnectionDetails database = TestDatabases.createEmpty();
    Flyway.configure()
        .dataSource(database.getJdbcUrl(), database.getUsername(), database.getPassword())
        .target(SCHEMA)
        .load()
        .migrate();
    // As pg_restore does: the triggers have done their work when the rows were made.
    JdbcClient.create(
            new DriverManagerDataSource(
                database.getJdbcUrl(), database.getUsername(), database.getPassword()))
        .sql(
            "set session_replication_role = replica;"
                + Files.readString(RELEASE.resolve("rows.sql")))
        .update();
    Path result = Files.createDirectories(data.resolve("work/" + SUCCEEDED + "/1/result"));
    for (String file : new String[] {"config.json", "README.md"}) {
      Files.copy(RELEASE.resolve(file), result.resolve(file));
    }
    key =
        new String[] {
          "Authorization", "Bearer " + Files.readString(RELEASE.resolve("key")).strip()
        };
    server =
        new RunningServer(
            database,
            Map.of("alphaquant.data-dir", data, "alphaquant.worker.reap-every", "500ms"),
            beans -> {});
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void jobsEventsResultsAndKeysAreAllThere() throws IOException {
    Map<String, String> states =
        json("/v1/jobs")
            .path("data")
            .valueStream()
            .collect(
                Collectors.toMap(
                    job -> job.path("id").asString(), job -> job.path("state").asString()));
    assertThat(states)
        .containsEntry(SUCCEEDED, "SUCCEEDED")
        .containsEntry(FAILED, "FAILED")
        .containsEntry(CANCELLED, "CANCELLED")
        .containsEntry(QUEUED, "QUEUED")
        .hasSize(5);
    JsonNode events = json("/v1/jobs/" + SUCCEEDED + "/events?limit=200").path("data");
    assertThat(events.valueStream().map(event -> event.path("seq").asLong()))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList())
        .hasSizeGreaterThan(3);
    Http.Answer file = server.http().get("/v1/jobs/" + SUCCEEDED + "/artifacts/config.json", key);
    assertThat(file.bytes()).isEqualTo(Files.readAllBytes(RELEASE.resolve("config.json")));
    assertThat(json("/v1/jobs/" + FAILED).at("/error/code").asString()).isEqualTo("unusable-input");
    assertThat(json("/v1/jobs/" + SUCCEEDED + "/webhooks").path("data").size()).isEqualTo(1);
  }

  @Test
  void whatWaitedAndWhatRanGoesOn() {
    await().until(() -> json("/v1/jobs/" + RUNNING).path("state").asString().equals("QUEUED"));
    TestWorker worker = new TestWorker(server);
    worker.succeed(QUEUED);
    assertThat(json("/v1/jobs/" + QUEUED).path("state").asString()).isEqualTo("SUCCEEDED");
    assertThat(server.http().post("/v1/jobs/" + FAILED + "/retry", key).status()).isEqualTo(202);
    assertThat(server.http().post("/v1/jobs/" + RUNNING + "/cancel", key).status()).isEqualTo(200);
    assertThat(server.http().delete("/v1/jobs/" + CANCELLED, key).status()).isEqualTo(204);
    assertThat(
            server
                .get(JdbcClient.class)
                .sql("select count(*) from job where id = ?")
                .param(UUID.fromString(CANCELLED))
                .query(Long.class)
                .single())
        .isZero();
  }

  private JsonNode json(String path) {
    return server.http().get(path, key).json();
  }
}
