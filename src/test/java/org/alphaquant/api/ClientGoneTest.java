package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.alphaquant.architecture.FamilyDescription;
import org.alphaquant.job.plan.InspectionRequest;
import org.alphaquant.job.plan.JobPlanner;
import org.alphaquant.job.plan.ModelInspection;
import org.alphaquant.job.plan.ModelInspector;
import org.alphaquant.request.ClientGoneException;
import org.alphaquant.request.ClientPresence;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.support.GenericApplicationContext;

/** Clients that close their connection while the service plans for them. */
class ClientGoneTest {
  private static final long LONGEST_SECONDS = 30;
  private static final Map<String, Long> LENGTHS =
      Map.of(
          "instant",
          1L,
          "short",
          TimeUnit.MILLISECONDS.toNanos(500),
          "long",
          TimeUnit.MINUTES.toNanos(1));
  private static final BlockingQueue<String> BEGUN = new ArrayBlockingQueue<>(8);
  private static final BlockingQueue<Exception> ENDED = new ArrayBlockingQueue<>(8);

  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server =
        new RunningServer(
            Map.of("alphaquant.models.roots", "src/test/resources"), ClientGoneTest::longWork);
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void longWork(GenericApplicationContext context) {
    JobPlanner planner =
        spec -> {
          work(spec.model());
          return null;
        };
    ModelInspector inspector =
        new ModelInspector() {
          @Override
          public List<FamilyDescription> architectures() {
            return List.of();
          }

          @Override
          public ModelInspection inspect(InspectionRequest request) {
            work(request.model());
            return null;
          }
        };
    context.registerBean(
        "longPlanner", JobPlanner.class, () -> planner, bean -> bean.setPrimary(true));
    context.registerBean(
        "longInspector", ModelInspector.class, () -> inspector, bean -> bean.setPrimary(true));
  }

  private static void work(String model) {
    BEGUN.add(model);
    long length = LENGTHS.get(model);
    long start = System.nanoTime();
    try {
      while (System.nanoTime() - start < length) {
        ClientPresence.require();
        Thread.onSpinWait();
      }
    } catch (ClientGoneException gone) {
      ENDED.add(gone);
      throw gone;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/plans", "/v1/plans?include=tensors", "/v1/jobs", "/v1/models:inspect"})
  void theWorkEndsWithTheClient(String path) throws Exception {
    try (Socket closing = post(path, "long", "")) {
      assertThat(closing.isConnected()).isTrue();
      assertThat(BEGUN.poll(LONGEST_SECONDS, TimeUnit.SECONDS)).isEqualTo("long");
    }
    assertThat(ENDED.poll(LONGEST_SECONDS, TimeUnit.SECONDS))
        .isInstanceOf(ClientGoneException.class);
    assertThat(http.get("/v1/jobs").json().get("data")).isEmpty();
  }

  /** A tool is a request to the service by the service, which ends with the request that asked. */
  @Test
  void theWorkOfAToolEndsWithItsClient() throws Exception {
    String call =
        """
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
         "params": {"name": "inspect_model", "arguments": {"model": "long"}}}""";
    try (Socket closing = send("/mcp", call, "")) {
      assertThat(closing.isConnected()).isTrue();
      assertThat(BEGUN.poll(LONGEST_SECONDS, TimeUnit.SECONDS)).isEqualTo("long");
    }
    assertThat(ENDED.poll(LONGEST_SECONDS, TimeUnit.SECONDS))
        .isInstanceOf(ClientGoneException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"instant", "short"})
  void aClientThatWaitsIsAnswered(String model) throws Exception {
    String next = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    try (Socket socket = post("/v1/models:inspect", model, next)) {
      String answers =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answers).startsWith("HTTP/1.1 200").contains("Connection: close");
      // A connection that was looked at is not used again.
      assertThat(answers.contains("{\"status\":\"UP\"}")).isEqualTo(model.equals("instant"));
      assertThat(answers).doesNotContain("HTTP/1.1 400");
    }
    assertThat(BEGUN.poll(LONGEST_SECONDS, TimeUnit.SECONDS)).isEqualTo(model);
  }

  @Test
  void aClientThatClosedItsSendingSideReadsWhy() throws Exception {
    try (Socket socket = post("/v1/plans", "long", "")) {
      assertThat(BEGUN.poll(LONGEST_SECONDS, TimeUnit.SECONDS)).isEqualTo("long");
      socket.shutdownOutput();
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(LONGEST_SECONDS));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 400")
          .contains("closed its connection");
    }
    assertThat(ENDED.poll(LONGEST_SECONDS, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void shortWorkAndWorkThatNoClientWaitsForGoOn() throws IOException {
    ClientPresence.require();
    ClientPresence.<RuntimeException>during(() -> true, ClientPresence::require);
    ClientPresence.require();
  }

  private static Socket post(String path, String model, String behind) throws IOException {
    return send(path, "{\"model\": \"%s\"}".formatted(model), behind);
  }

  private static Socket send(String path, String body, String behind) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), URI.create(http.base()).getPort());
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: %d\r\n\r\n%s%s";
    socket
        .getOutputStream()
        .write(
            head.formatted(path, body.length(), body, behind).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }
}
