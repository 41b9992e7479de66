package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.alphaquant.events.EventStreams;
import org.junit.jupiter.api.Test;

class SlowClientTest {
  private static final int EVENTS = 400;

  // More than there are threads that write to clients.
  private static final int SLOW = 40;

  // Together more than the system takes on behalf of a client that reads nothing.
  private static final String LONG = "x".repeat(20_000);

  @Test
  void clientsThatDoNotReadAreDroppedAndOthersMissNothing() throws IOException {
    try (RunningServer server =
        new RunningServer(Map.of("server.tomcat.connection-timeout", "1s"))) {
      String id = server.http().postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
      TestWorker worker = new TestWorker(server);
      worker.claim(id);
      EventStreams streams = server.get(EventStreams.class);
      List<Socket> slow = new ArrayList<>();
      try (EventClient client = new EventClient(server.http(), id)) {
        CompletableFuture<List<EventClient.Event>> read =
            CompletableFuture.supplyAsync(client::untilClosed);
        for (int i = 0; i < SLOW; i++) {
          slow.add(deafClient(server, id));
        }
        await().until(() -> streams.size() == SLOW + 1);
        for (int i = 0; i < EVENTS; i++) {
          worker.event(id, "log", Map.of("message", LONG));
        }
        await().until(() -> streams.size() <= 1);
        worker.cancelled(id);
        assertThat(read.join())
            .extracting(EventClient.Event::id)
            .containsExactlyElementsOf(LongStream.rangeClosed(1, EVENTS + 3).boxed().toList());
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
    }
  }

  private static Socket deafClient(RunningServer server, String id) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    int port = server.http().request("/").build().uri().getPort();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    String request =
        "GET /v1/jobs/%s/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    socket.getOutputStream().write(request.formatted(id).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }
}
