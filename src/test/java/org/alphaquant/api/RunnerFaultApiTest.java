package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.faults.FaultReport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The faults F9 to F11 of docs/queue.md aimed at the runner processes of a service. */
@Tag("faults")
class RunnerFaultApiTest {
  private static final String JOB =
      """
      {"model": "%s", "config": {"default": {"group_size": 16}},
       "calibration": {"samples": 4, "sequence_length": 32}}
      """;
  private static final List<String> MODELS =
      List.of(
          "deepseek",
          "deepseek_v2",
          "deepseek_v3",
          "llama",
          "mistral",
          "mixtral",
          "olmoe",
          "qwen2",
          "qwen2_moe",
          "qwen3",
          "qwen3_moe");
  private static final int AT_ONCE = 50;

  private static RunningServer server;
  private static Http http;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of(
                "alphaquant.models.roots",
                "src/test/resources/micro",
                "alphaquant.role",
                "all",
                "alphaquant.worker.devices",
                "cpu",
                "alphaquant.preflight.runner",
                "true"));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void requestsWithOneIdempotencyKeyMakeOneJobWhileTheirRunnersAreKilled() {
    ExecutorService clients = Executors.newFixedThreadPool(AT_ONCE);
    CompletableFuture<Integer> kills;
    Map<Integer, Integer> statuses = new TreeMap<>();
    try {
      Set<String> all = new HashSet<>();
      CompletableFuture<Void> over = new CompletableFuture<>();
      kills = CompletableFuture.supplyAsync(() -> killUntil(over, 300), clients);
      for (String model : MODELS) {
        List<CompletableFuture<Answer>> answers =
            IntStream.range(0, AT_ONCE - 1)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> post(model), clients))
                .toList();
        Set<String> ids = new HashSet<>();
        for (CompletableFuture<Answer> answer : answers) {
          statuses.merge(answer.join().status(), 1, Integer::sum);
          assertThat(answer.join().status()).as(answer.join().text()).isIn(200, 201);
          ids.add(answer.join().at("/id"));
        }
        assertThat(ids).hasSize(1);
        all.addAll(ids);
      }
      over.complete(null);
      all.forEach(id -> assertThat(end(id)).isIn("SUCCEEDED", "FAILED"));
    } finally {
      clients.shutdown();
    }
    assertThat(statuses.get(201)).isEqualTo(MODELS.size());
    FaultReport.survived(
        "F9",
        "%d requests at once with one key for each of %d models while %d runners were killed: one"
            + " job each",
        AT_ONCE - 1,
        MODELS.size(),
        kills.join());
  }

  private static Answer post(String model) {
    return http.postJson("/v1/jobs", JOB.formatted(model), "Idempotency-Key", model);
  }

  @Test
  void aStreamAndAResultAreWholeWhileTheRunnersBelowAreKilled() throws IOException {
    String unbroken = http.postJson("/v1/jobs", JOB.formatted("olmoe")).at("/id");
    assertThat(end(unbroken)).isEqualTo("SUCCEEDED");
    Map<String, String> wanted = hashes(unbroken);
    int kills = 0;
    int events = 0;
    for (int round = 0; round < 10; round++) {
      String id = http.postJson("/v1/jobs", JOB.formatted("olmoe")).at("/id");
      CompletableFuture<List<EventClient.Event>> stream =
          CompletableFuture.supplyAsync(
              () -> {
                try (EventClient client = new EventClient(http, id)) {
                  return client.untilClosed();
                }
              });
      // At most as often as a job may lose its runner in one unit of work.
      for (int i = 0; i < 2; i++) {
        LockSupport.parkNanos(random.nextLong(1_500_000_000));
        kills += kill();
      }
      assertThat(end(id)).isEqualTo("SUCCEEDED");
      assertThat(stream.join())
          .extracting(EventClient.Event::id)
          .containsExactlyElementsOf(
              LongStream.rangeClosed(1, stream.join().size()).boxed().toList());
      assertThat(hashes(id)).isEqualTo(wanted);
      events += stream.join().size();
    }
    FaultReport.survived("F10", "%d events of 10 streams came whole over %d kills", events, kills);
    FaultReport.survived(
        "F11",
        "10 results had the bytes of an unbroken run after %d kills of their runners",
        kills);
  }

  /** Of each tensor file; others name the time or the job. */
  private static Map<String, String> hashes(String id) {
    Map<String, String> hashes = new TreeMap<>();
    for (JsonNode artifact : http.get("/v1/jobs/" + id + "/artifacts").json().get("data")) {
      String name = artifact.get("name").asString();
      if (name.endsWith(".safetensors")) {
        hashes.put(name, artifact.get("sha256").asString());
        Answer file = http.get("/v1/jobs/" + id + "/artifacts/" + name);
        assertThat(file.status()).isEqualTo(200);
      }
    }
    assertThat(hashes).isNotEmpty();
    return hashes;
  }

  private static String end(String id) {
    await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> !List.of("QUEUED", "RUNNING").contains(state(id)));
    return state(id);
  }

  private static String state(String id) {
    return http.get("/v1/jobs/" + id).at("/state");
  }

  private int killUntil(CompletableFuture<Void> over, long everyMillis) {
    int kills = 0;
    while (!over.isDone()) {
      kills += kill();
      LockSupport.parkNanos(random.nextLong(everyMillis * 1_000_000));
    }
    return kills;
  }

  /** Ends one runner of this process; returns how many that were. */
  private int kill() {
    List<ProcessHandle> runners = runners().filter(ProcessHandle::isAlive).toList();
    return !runners.isEmpty() && runners.get(random.nextInt(runners.size())).destroyForcibly()
        ? 1
        : 0;
  }

  private static Stream<ProcessHandle> runners() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("java"));
  }
}
