package org.alphaquant.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;

/** Where a hub keeps large files: it sends them, or sends them badly. */
public final class HubStorage {
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  private final AtomicLong stored = new AtomicLong();

  void put(byte[] content) {
    contents.put(hash("SHA-256", content), content);
  }

  /** Sends so many bytes of the answer and then cuts the connection. */
  public HttpHandler cutAfter(int bytes) {
    return exchange -> {
      byte[] content = content(exchange);
      int from = from(exchange);
      if (from > 0) {
        exchange
            .getResponseHeaders()
            .add(
                "Content-Range",
                "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
      }
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
      OutputStream body = exchange.getResponseBody();
      body.write(content, from, Math.min(bytes, content.length - from));
      body.flush();
      stored.addAndGet(bytes);
      throw new IOException("cut");
    };
  }

  /** Sends so many bytes, says so, and sends the rest when it is told to. */
  public HttpHandler pausing(int bytes, CountDownLatch begun, CountDownLatch goOn) {
    return exchange -> {
      byte[] content = content(exchange);
      exchange.sendResponseHeaders(200, content.length);
      OutputStream body = exchange.getResponseBody();
      body.write(content, 0, bytes);
      body.flush();
      begun.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      body.write(content, bytes, content.length - bytes);
    };
  }

  /** Ends after so many bytes and says that there are no more. */
  public HttpHandler endingAfter(int bytes) {
    return exchange -> {
      int from = from(exchange);
      byte[] sent = Arrays.copyOfRange(content(exchange), Math.min(from, bytes), bytes);
      exchange
          .getResponseHeaders()
          .add("Content-Range", "bytes %d-%d/%d".formatted(from, bytes - 1, bytes));
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, sent.length == 0 ? -1 : sent.length);
      exchange.getResponseBody().write(sent);
    };
  }

  /** Sends everything compressed, though nobody asked for it. */
  public HttpHandler compressing(byte[] content, String... headers) {
    return exchange -> {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GZIPOutputStream compressed = new GZIPOutputStream(bytes)) {
        compressed.write(content);
      }
      exchange.getResponseHeaders().add("Content-Encoding", "gzip");
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(200, bytes.size());
      exchange.getResponseBody().write(bytes.toByteArray());
    };
  }

  /** Answers with other bytes of the right length. */
  public HttpHandler wrongByte() {
    return exchange -> {
      byte[] content = content(exchange).clone();
      content[content.length / 2] ^= 1;
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  /** Sends everything, whatever part was asked for. */
  public HttpHandler ignoringRanges() {
    return exchange -> {
      byte[] content = content(exchange);
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  /** Bytes of contents that were sent. */
  public long sent() {
    return stored.get();
  }

  /** The content that a request to the storage is for. */
  public byte[] content(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    return contents.get(path.substring(path.lastIndexOf('/') + 1));
  }

  void store(HttpExchange exchange) throws IOException {
    byte[] content = content(exchange);
    if (content == null) {
      exchange.sendResponseHeaders(404, -1);
    } else {
      send(exchange, content);
    }
  }

  private static int from(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceFirst("bytes=(\\d+)-.*", "$1"));
  }

  void send(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = from(exchange);
    String last = range == null ? "" : range.substring(range.indexOf('-') + 1);
    int end =
        last.isEmpty() ? content.length : Math.min(content.length, Integer.parseInt(last) + 1);
    if (from >= content.length && content.length > 0) {
      exchange.getResponseHeaders().add("Content-Range", "bytes */" + content.length);
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    if (range != null) {
      exchange
          .getResponseHeaders()
          .add("Content-Range", "bytes %d-%d/%d".formatted(from, end - 1, content.length));
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().add("Content-Length", Integer.toString(end - from));
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, head || end == from ? -1 : end - from);
    if (!head && end > from) {
      exchange.getResponseBody().write(Arrays.copyOfRange(content, from, end));
      stored.addAndGet(end - from);
    }
  }

  public static String gitHash(byte[] content) {
    MessageDigest digest = digest("SHA-1");
    digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest(content));
  }

  public static String hash(String algorithm, byte[] content) {
    return HexFormat.of().formatHex(digest(algorithm).digest(content));
  }

  static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
