package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alphaquant.Waiting;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.hub.HubDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A service that dies, or whose disk fills, while it downloads a model. */
@Tag("faults")
class HubFaultTest {
  private static final int SENT = 700_000;
  private static final Duration LONG = Duration.ofMinutes(4);

  @TempDir Path directory;

  private HubDouble hub;
  private ServiceProcess service;
  private FaultClient client;

  @BeforeEach
  void prepare() throws IOException {
    hub = new HubDouble();
    hub.push("tiny/olmoe", Path.of("examples/models/olmoe-demo"));
    service =
        new ServiceProcess(
            TestDatabases.create(),
            directory.toRealPath(),
            "alphaquant.worker.devices=cpu",
            "alphaquant.worker.poll-every=200ms",
            "alphaquant.worker.lease=6s",
            "alphaquant.worker.renew-every=500ms",
            "alphaquant.worker.trust-margin=1s",
            "alphaquant.worker.reap-every=500ms",
            "alphaquant.worker.retry-backoff=10ms",
            "alphaquant.hub.allowed=tiny/*",
            "alphaquant.hub.endpoint=" + hub.endpoint(),
            "alphaquant.hub.storage-hosts=localhost");
    client = new FaultClient(List.of(service.base()), 1);
  }

  @AfterEach
  void end() {
    service.close();
    hub.close();
  }

  @Test
  void aServiceThatIsKilledGoesOnWithWhatItHad() {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    hub.fault("^/[^/]*safetensors", 1000, exchange -> send(exchange, sent));
    service.start();
    String id = post();
    await().atMost(LONG).until(sent::isDone);
    await().atMost(LONG).until(() -> onItsWay() == SENT);
    service.signalAll("KILL");
    hub.forgetRequests();
    service.start();
    JsonNode done = end(id);
    assertThat(done.at("/state").asString()).as(done.toString()).isEqualTo("SUCCEEDED");
    assertThat(hub.requests())
        .filteredOn(it -> it.host().equals("localhost"))
        .anySatisfy(
            it -> assertThat(it.headers().getFirst("Range")).isEqualTo("bytes=" + SENT + "-"));
    FaultReport.survived(
        "killed during a download",
        "the job succeeded, and of the file that was on its way only the rest was fetched");
  }

  /** All that is asked for, but of the first request for the whole file only so much. */
  private void send(HttpExchange exchange, CompletableFuture<Void> sent) throws IOException {
    byte[] content = hub.storage().content(exchange);
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range == null && !sent.isDone()) {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, SENT);
      exchange.getResponseBody().flush();
      sent.complete(null);
      // Nothing comes any more until the service is killed.
      exchange.getRequestBody().readAllBytes();
      new CompletableFuture<Void>()
          .orTimeout(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)
          .exceptionally(it -> null)
          .join();
      return;
    }
    String[] ends = range == null ? new String[] {"0"} : range.substring(6).split("-");
    int from = Integer.parseInt(ends[0]);
    int last = ends.length < 2 ? content.length - 1 : Integer.parseInt(ends[1]);
    exchange
        .getResponseHeaders()
        .add("Content-Range", "bytes %d-%d/%d".formatted(from, last, content.length));
    exchange.sendResponseHeaders(range == null ? 200 : 206, last - from + 1);
    exchange.getResponseBody().write(content, from, last - from + 1);
  }

  private long onItsWay() {
    Path parts = directory.resolve("hub.alphaquant/parts");
    try (Stream<Path> files = Files.list(parts)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException notYet) {
      return 0;
    }
  }

  @Test
  void aDiskThatFillsFailsTheJobAloneUntilThereIsRoom() throws IOException {
    service.limitFiles(SENT);
    service.start();
    String id = post();
    JsonNode failed = end(id);
    assertThat(failed.at("/state").asString()).as(failed.toString()).isEqualTo("FAILED");
    assertThat(failed.at("/error/code").asString()).isEqualTo("no-space");
    assertThat(failed.at("/error/class").asString()).isEqualTo("resource");
    assertThat(onItsWay()).as("what is left of it").isZero();
    service.close();
    service.unlimitFiles();
    service.start();
    client.post("/v1/jobs/" + id + "/retry", null, null);
    JsonNode done = end(id);
    assertThat(done.at("/state").asString()).as(done.toString()).isEqualTo("SUCCEEDED");
    FaultReport.survived(
        "full disk while downloading",
        "the job failed as no-space and left nothing; there was room, and it succeeded");
  }

  private String post() {
    String job =
        """
        {"model": "tiny/olmoe",
         "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
         "calibration": {"samples": 4, "sequence_length": 64}}
        """;
    return client.post("/v1/jobs", job, "job").json().get("id").asString();
  }

  private JsonNode end(String id) {
    await()
        .atMost(LONG)
        .until(
            () ->
                List.of("SUCCEEDED", "FAILED", "CANCELLED")
                    .contains(client.get("/v1/jobs/" + id).json().path("state").asString()));
    return client.get("/v1/jobs/" + id).json();
  }
}
