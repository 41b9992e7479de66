package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alphaquant.Waiting;
import org.alphaquant.api.Http.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients that announce a body and do not send it. */
class WithheldBodyTest {
  private static final int CLIENTS = 250;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String JOB = "{\"model\": \"m\"}";

  private static RunningServer server;
  private static Http http;

  @BeforeAll
  static void start() {
    server = new RunningServer(Map.of("alphaquant.api.body-patience", PATIENCE.toString()));
    http = server.http();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void manyOfThemHoldNobodyUp() throws IOException {
    List<Socket> withheld = new ArrayList<>();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        withheld.add(announce(http, "localhost", 1000, "{"));
      }
      for (int i = 0; i < 3; i++) {
        long start = System.nanoTime();
        assertThat(http.get("/livez").status()).isEqualTo(200);
        assertThat(http.postJson("/v1/jobs", JOB).status()).isEqualTo(201);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE.dividedBy(2));
      }
    } finally {
      for (Socket socket : withheld) {
        socket.close();
      }
    }
  }

  @Test
  void theyAreGivenUp() throws IOException {
    try (RunningServer impatient =
            new RunningServer(Map.of("alphaquant.api.body-patience", "300ms"));
        Socket first = announce(impatient.http(), "localhost", 1000, "{");
        Socket second = announce(impatient.http(), "localhost", 1000, "")) {
      for (Socket socket : List.of(first, second)) {
        assertThat(answer(socket)).contains(" 408 ", "request-timeout");
      }
    }
  }

  @Test
  void aBodyThatComesInPiecesIsRead() throws IOException {
    try (Socket socket = announce(http, "localhost", JOB.length(), "")) {
      OutputStream out = socket.getOutputStream();
      for (byte piece : JOB.getBytes(StandardCharsets.US_ASCII)) {
        out.write(piece);
        out.flush();
      }
      assertThat(answer(socket)).contains(" 201 ", "QUEUED");
    }
  }

  @Test
  void aForeignHostIsRefusedWithoutWaitingForItsBody() throws IOException {
    try (Socket socket = announce(http, "evil.example", 4, "{\"a\"")) {
      assertThat(answer(socket)).contains(" 421 ");
    }
  }

  @Test
  void aBodyThatIsTooLongIsToldSoWhenItHasCome() throws IOException {
    byte[] long17 = new byte[17 << 20];
    java.util.Arrays.fill(long17, (byte) ' ');
    Answer refused = http.postJson("/v1/jobs", new String(long17, StandardCharsets.US_ASCII));
    assertThat(refused.status()).isEqualTo(413);
    assertThat(refused.at("/code")).isEqualTo("content-too-large");
  }

  private static Socket announce(Http http, String host, int length, String begun)
      throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), URI.create(http.base()).getPort());
    socket.setSoTimeout((int) Waiting.LONGEST.toMillis());
    String head =
        "POST /v1/jobs HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s";
    socket
        .getOutputStream()
        .write(head.formatted(host, length, begun).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String answer(Socket socket) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    socket.getInputStream().transferTo(bytes);
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
