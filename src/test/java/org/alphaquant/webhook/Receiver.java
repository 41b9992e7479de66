package org.alphaquant.webhook;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.Waiting;

/** Somebody who is told: keeps what comes, and answers as the path says. */
public final class Receiver implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Message> messages = new CopyOnWriteArrayList<>();
  private final AtomicInteger brokenAnswers = new AtomicInteger(2);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch hungUpOn = new CountDownLatch(1);

  /** One message as it came. */
  public record Message(String path, String id, long timestamp, String signature, String body) {}

  public Receiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    var headers = exchange.getRequestHeaders();
    String path = exchange.getRequestURI().getPath();
    messages.add(
        new Message(
            path,
            headers.getFirst("webhook-id"),
            Long.parseLong(headers.getFirst("webhook-timestamp")),
            headers.getFirst("webhook-signature"),
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
    switch (path) {
      case "/gone" -> exchange.sendResponseHeaders(410, -1);
      case "/broken" -> exchange.sendResponseHeaders(500, -1);
      case "/twice-broken" ->
          exchange.sendResponseHeaders(brokenAnswers.getAndDecrement() > 0 ? 503 : 200, -1);
      case "/elsewhere" -> {
        exchange.getResponseHeaders().set("Location", url("/secret"));
        exchange.sendResponseHeaders(307, -1);
      }
      case "/silent" -> awaitClose();
      case "/endless" -> talkWithoutEnd(exchange);
      default -> exchange.sendResponseHeaders(204, -1);
    }
    exchange.close();
  }

  private void talkWithoutEnd(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    try {
      while (closed.getCount() > 0) {
        exchange.getResponseBody().write(new byte[8192]);
      }
    } catch (IOException hungUp) {
      hungUpOn.countDown();
    }
  }

  /** Somebody took the status of {@code /endless} and did not stay for the rest. */
  boolean awaitHangUp() throws InterruptedException {
    return hungUpOn.await(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public String url(String path) {
    return "http://" + host() + path;
  }

  public String host() {
    return "localhost:" + server.getAddress().getPort();
  }

  public List<Message> at(String path) {
    return messages.stream().filter(message -> message.path().equals(path)).toList();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
