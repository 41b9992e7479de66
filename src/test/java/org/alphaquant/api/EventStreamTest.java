package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.events.EventStreams;
import org.alphaquant.faults.FaultReport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class EventStreamTest {
  // Less than a stopping server waits for the requests that are open.
  private static final Duration SHUTDOWN = Duration.ofSeconds(35);

  private final RunningServer server = RunningServer.shared();
  private final Http http = server.http();
  private final TestWorker worker = new TestWorker(server);

  @Test
  void aStreamTellsWhatWasAndWhatHappensUntilTheJobEnds() {
    String id = post();
    try (EventClient client = new EventClient(http, id)) {
      worker.claim(id);
      worker.progress(id, 0.25);
      worker.event(id, "log", Map.of("message", "häuser ✓"));
      worker.cancelled(id);
      List<EventClient.Event> events = client.untilClosed();
      assertThat(events).extracting(EventClient.Event::id).containsExactly(1L, 2L, 3L, 4L, 5L);
      assertThat(events)
          .extracting(EventClient.Event::type)
          .containsExactly("state", "state", "progress", "log", "state");
      assertThat(events.get(4).data().at("/data/state").asString()).isEqualTo("CANCELLED");
      assertThat(events.get(3).data().at("/data/message").asString()).isEqualTo("häuser ✓");
      assertThat(events.get(2).data()).isEqualTo(page(id).get(2));
      assertThat(client.header("Content-Type")).startsWith("text/event-stream");
      assertThat(client.header("Cache-Control")).isEqualTo("no-store");
      assertThat(client.header("X-Accel-Buffering")).isEqualTo("no");
      assertThat(client.firstLine()).isEqualTo("retry:3000");
    }
  }

  @Test
  void aStreamIsResumedWithoutGapOrDuplicateOnAnotherServer() {
    String id = post();
    worker.claim(id);
    long last;
    try (EventClient first = new EventClient(http, id)) {
      for (int i = 0; i < 20; i++) {
        worker.progress(id, i / 100.0);
      }
      List<EventClient.Event> events = first.atLeast(7);
      last = events.get(6).id();
    }
    try (RunningServer other = new RunningServer(server.database(), Map.of(), context -> {});
        EventClient second =
            new EventClient(other.http(), id, "Last-Event-ID", Long.toString(last))) {
      for (int i = 0; i < 20; i++) {
        worker.progress(id, 0.5 + i / 100.0);
      }
      worker.cancelled(id);
      List<EventClient.Event> events = second.untilClosed();
      assertThat(events)
          .extracting(EventClient.Event::id)
          .containsExactlyElementsOf(LongStream.rangeClosed(last + 1, 43).boxed().toList());
      FaultReport.survived(
          "F10", "a stream that was left at event %d went on from there on another replica", last);
    }
  }

  @Test
  void aFinishedJobsStreamReplaysAndCloses() {
    String id = post();
    http.post("/v1/jobs/" + id + "/cancel");
    try (EventClient client = new EventClient(http, id)) {
      assertThat(client.untilClosed()).hasSize(2);
    }
    try (EventClient client = new EventClient(http, id, "Last-Event-ID", "2")) {
      assertThat(client.untilClosed()).isEmpty();
    }
  }

  @Test
  void aNumberThatTheJobNeverHadIsAnsweredWithTheJobItself() {
    String id = post();
    try (EventClient client = new EventClient(http, id, "Last-Event-ID", "99")) {
      EventClient.Event reset = client.atLeast(1).get(0);
      assertThat(reset.type()).isEqualTo("reset");
      assertThat(reset.id()).isEqualTo(1);
      assertThat(reset.data().get("id").asString()).isEqualTo(id);
      worker.claim(id);
      assertThat(client.atLeast(2).get(1).id()).isEqualTo(2);
    }
  }

  @Test
  void streamsGoOnWhenTheDatabaseDroppedEveryConnection() {
    String id = post();
    worker.claim(id);
    try (EventClient client = new EventClient(http, id)) {
      client.atLeast(2);
      TestDatabases.endSessions(server.database());
      await().ignoreExceptions().until(() -> http.get("/v1/jobs/" + id).status() == 200);
      worker.progress(id, 0.5);
      worker.cancelled(id);
      assertThat(client.untilClosed())
          .extracting(EventClient.Event::id)
          .containsExactly(1L, 2L, 3L, 4L);
    }
  }

  @Test
  void aClientThatLeavesIsForgotten() {
    String id = post();
    EventStreams streams = server.get(EventStreams.class);
    int before = streams.size();
    try (EventClient client = new EventClient(http, id)) {
      client.atLeast(1);
      assertThat(streams.size()).isEqualTo(before + 1);
    }
    worker.claim(id);
    await()
        .until(
            () -> {
              worker.progress(id, 0.5);
              return streams.size() == before;
            });
  }

  @Test
  void aStoppingServerEndsItsStreamsAtOnce() {
    RunningServer stopping = new RunningServer();
    String id = stopping.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
    try (EventClient client = new EventClient(stopping.http(), id)) {
      client.atLeast(1);
      long start = System.nanoTime();
      stopping.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SHUTDOWN);
      assertThat(client.untilClosed()).hasSize(1);
    }
  }

  @Test
  void aStreamOfNoJobOrFromNoNumberIsAProblem() {
    String[] stream = {"Accept", "text/event-stream"};
    problem(http.get("/v1/jobs/" + UUID.randomUUID() + "/events", stream), 404, "job-not-found");
    problem(
        http.get(
            "/v1/jobs/" + post() + "/events", "Accept", "text/event-stream", "Last-Event-ID", "x"),
        400,
        "invalid-parameter");
  }

  private List<JsonNode> page(String id) {
    return http.get("/v1/jobs/" + id + "/events").json().get("data").values().stream().toList();
  }

  private String post() {
    return http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
  }
}
