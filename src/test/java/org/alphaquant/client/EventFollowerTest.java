package org.alphaquant.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventFollowerTest {
  private final List<String> resumedAfter = new CopyOnWriteArrayList<>();
  private final Deque<String> answers = new ArrayDeque<>();
  private final List<String> seen = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/jobs/42/events", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void endsWithTheStateThatEndsTheJob() throws InterruptedException {
    answers.add(event(1, "state", "{\"state\":\"RUNNING\"}") + event(2, "state", ended()));

    assertThat(follow()).isEqualTo("SUCCEEDED");
    assertThat(seen).containsExactly("state {\"state\":\"RUNNING\"}", "state " + ended());
  }

  @Test
  void goesOnAfterTheLastEventSeenWhenTheConnectionBreaks() throws InterruptedException {
    answers.add(
        "retry: 1\n\n" + event(1, "progress", "{\"phase\":\"a\"}") + "id: 2\nevent: progress\n");
    answers.add(": nothing new yet\n\n");
    answers.add(event(2, "progress", "{\"phase\":\"b\"}") + event(3, "state", ended()));

    assertThat(follow()).isEqualTo("SUCCEEDED");
    assertThat(seen)
        .containsExactly(
            "progress {\"phase\":\"a\"}", "progress {\"phase\":\"b\"}", "state " + ended());
    assertThat(resumedAfter).containsExactly("none", "1", "1");
  }

  @Test
  void tellsInTheServicesWordsWhyItIsRefused() {
    assertThatThrownBy(this::follow)
        .isInstanceOf(ClientException.class)
        .hasMessage("the service answered 404 to /v1/jobs/42/events: No job has the id 42");
  }

  @Test
  void givesUpWhenTheServiceIsGone() {
    answers.add(event(1, "progress", "{\"phase\":\"a\"}"));
    EventFollower follower =
        new EventFollower(
            client(),
            () -> {
              throw new ClientException("the service ended with status 1");
            });

    assertThatThrownBy(() -> follower.follow("42", event -> seen.add(event.type())))
        .hasMessage("the service ended with status 1");
    assertThat(seen).containsExactly("progress");
  }

  private String follow() throws InterruptedException {
    return new EventFollower(client(), () -> {})
        .follow("42", event -> seen.add(event.type() + " " + event.data()));
  }

  private ServiceClient client() {
    return new ServiceClient("http://localhost:" + server.getAddress().getPort(), Optional.empty());
  }

  private static String ended() {
    return "{\"state\":\"SUCCEEDED\"}";
  }

  private static String event(int seq, String type, String data) {
    String about =
        "\"seq\":%d,\"level\":\"info\",\"created_at\":\"2026-01-01T00:00:00Z\"".formatted(seq);
    return "id:%d\nevent:%s\ndata:{%s,\"data\":%s}\n\n".formatted(seq, type, about, data);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String id = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    resumedAfter.add(id == null ? "none" : id);
    String answer = answers.poll();
    byte[] body =
        (answer == null ? "{\"detail\":\"No job has the id 42\"}" : answer)
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
    try (exchange) {
      exchange.getResponseBody().write(body);
    }
  }
}
