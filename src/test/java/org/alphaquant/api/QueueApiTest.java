package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.job.queue.Leases;
import org.alphaquant.job.queue.RegisteredWorker.Slot;
import org.alphaquant.job.queue.Workers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;

class QueueApiTest {

  private static final String JOB = "{\"model\": \"m\"}";

  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server = new RunningServer(Map.of("alphaquant.quota.queued", 3));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void empty() {
    server.get(JdbcClient.class).sql("truncate job, worker cascade").update();
  }

  @Test
  void aQueuedJobTellsItsPlaceAndWhyItWaits() {
    String first = create(JOB).at("/id");
    String second = create(JOB).at("/id");
    assertThat(http.get("/v1/jobs/" + second).at("/waiting_reason")).isEqualTo("no-worker");

    server.get(Workers.class).beat(UUID.randomUUID(), "h", List.of(new Slot("cpu", 1)), false);

    Answer read = http.get("/v1/jobs/" + second);
    assertThat(read.at("/queue_position")).isEqualTo("2");
    assertThat(read.at("/waiting_reason")).isEqualTo("behind-1-jobs");
    Answer page = http.get("/v1/jobs");
    assertThat(page.at("/data/0/waiting_reason")).isEqualTo("behind-1-jobs");
    assertThat(page.at("/data/1/waiting_reason")).isEqualTo("next");

    http.post("/v1/jobs/" + first + "/cancel");
    assertThat(http.get("/v1/jobs/" + first).json().has("queue_position")).isFalse();
  }

  @Test
  void aTagOfAQueuedJobChangesWithItsPlace() {
    String first = create(JOB).at("/id");
    Answer second = create(JOB);
    String path = "/v1/jobs/" + second.at("/id");
    assertThat(http.get(path, "If-None-Match", second.header("ETag")).status()).isEqualTo(304);

    http.post("/v1/jobs/" + first + "/cancel");

    Answer moved = http.get(path, "If-None-Match", second.header("ETag"));
    assertThat(moved.status()).isEqualTo(200);
    assertThat(moved.at("/queue_position")).isEqualTo("1");
  }

  @Test
  void aFullQueueIsAProblemThatNamesTheLimit() {
    Answer first = create(JOB, "Idempotency-Key", "\"k\"");
    create(JOB);
    create(JOB);

    Answer full = problem(http.postJson("/v1/jobs", JOB), 429, "quota-exceeded");

    assertThat(full.at("/detail")).contains("3 jobs").contains("the limit is 3");
    assertThat(full.header("Retry-After")).isEqualTo("60");
    Answer again = http.postJson("/v1/jobs", JOB, "Idempotency-Key", "\"k\"");
    assertThat(again.at("/id")).isEqualTo(first.at("/id"));
  }

  @Test
  void aJobSaysWhenItIsDeleted() {
    Answer created = create("{\"model\": \"m\", \"expires_in\": 3600}");
    assertThat(created.at("/spec/expires_in")).isEqualTo("3600");
    assertThat(created.json().has("expires_at")).isFalse();

    Answer ended = http.post("/v1/jobs/" + created.at("/id") + "/cancel");

    Instant finished = Instant.parse(ended.at("/finished_at"));
    assertThat(Instant.parse(ended.at("/expires_at")))
        .isEqualTo(finished.plus(Duration.ofHours(1)));
    Answer refused =
        problem(
            http.postJson("/v1/jobs", "{\"model\": \"m\", \"expires_in\": 1}"), 422, "invalid-job");
    assertThat(refused.at("/errors/0/pointer")).isEqualTo("/expires_in");
  }

  @Test
  void theWorkersThatAreThereAreListed() {
    assertThat(http.get("/v1/workers").json().get("data")).isEmpty();
    UUID id = UUID.randomUUID();
    server.get(Workers.class).beat(id, "node-1", List.of(new Slot("cuda:0", 80)), true);

    Answer list = http.get("/v1/workers");

    assertThat(list.at("/data/0/id")).isEqualTo(id.toString());
    assertThat(list.at("/data/0/host")).isEqualTo("node-1");
    assertThat(list.at("/data/0/slots/0/device")).isEqualTo("cuda:0");
    assertThat(list.at("/data/0/draining")).isEqualTo("true");
    assertThat(list.at("/data/0/busy_slots")).isEqualTo("0");
  }

  @Test
  void aWorkerIsListedWithTheJobsThatItRuns() {
    UUID worker = UUID.randomUUID();
    server.get(Workers.class).beat(worker, "node-2", List.of(new Slot("cuda:0", 1000)), false);
    String id = create("{\"model\": \"held\", \"priority\": 100}").at("/id");
    server.get(Leases.class).claim(worker, "1000", "1000", 60, 600).orElseThrow();

    JsonNode held =
        http.get("/v1/workers")
            .json()
            .get("data")
            .valueStream()
            .filter(it -> it.get("id").asString().equals(worker.toString()))
            .findFirst()
            .orElseThrow();

    assertThat(held.get("busy_slots").asInt()).isEqualTo(1);
    assertThat(held.get("jobs")).singleElement().hasToString("\"" + id + "\"");
    server.get(Leases.class).cancelled(UUID.fromString(id), 1).orElseThrow();
  }

  private static Answer create(String body, String... headers) {
    Answer answer = http.postJson("/v1/jobs", body, headers);
    assertThat(answer.status()).isEqualTo(201);
    return answer;
  }
}
