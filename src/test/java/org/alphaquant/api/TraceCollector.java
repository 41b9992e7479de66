package org.alphaquant.api;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * A collector of OpenTelemetry that keeps the spans that it is sent, by OTLP over HTTP in Protocol
 * Buffers (opentelemetry-proto, {@code collector/trace/v1} and {@code trace/v1}).
 */
final class TraceCollector implements AutoCloseable {

  private final HttpServer server;
  private final List<Span> spans = new CopyOnWriteArrayList<>();
  private final List<String> keys = new CopyOnWriteArrayList<>();

  /** A span, its ids in hexadecimal digits; the parent's is empty where it has none. */
  record Span(
      String trace, String id, String parent, String name, Map<String, String> attributes) {}

  TraceCollector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("X-Collector-Key")));
          ByteBuffer request = ByteBuffer.wrap(exchange.getRequestBody().readAllBytes());
          fields(request, (resource, spansOf) -> scopes(resource, spansOf));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  String endpoint() {
    return "http://localhost:" + server.getAddress().getPort() + "/v1/traces";
  }

  List<Span> spans() {
    return List.copyOf(spans);
  }

  List<String> keys() {
    return List.copyOf(keys);
  }

  private void scopes(int field, ByteBuffer resourceSpans) {
    fields(
        resourceSpans,
        (number, scopeSpans) -> {
          if (number == 2) {
            fields(
                scopeSpans,
                (inner, span) -> {
                  if (inner == 2) {
                    spans.add(span(span));
                  }
                });
          }
        });
  }

  private static Span span(ByteBuffer message) {
    Map<Integer, byte[]> parts = new HashMap<>();
    Map<String, String> attributes = new HashMap<>();
    fields(
        message,
        (number, value) -> {
          if (number == 9) {
            attribute(value, attributes);
          } else {
            parts.put(number, bytes(value));
          }
        });
    HexFormat hex = HexFormat.of();
    return new Span(
        hex.formatHex(parts.get(1)),
        hex.formatHex(parts.get(2)),
        hex.formatHex(parts.getOrDefault(4, new byte[0])),
        new String(parts.get(5), StandardCharsets.UTF_8),
        attributes);
  }

  private static void attribute(ByteBuffer keyValue, Map<String, String> into) {
    String[] pair = {"", ""};
    fields(
        keyValue,
        (number, value) -> {
          if (number == 1) {
            pair[0] = new String(bytes(value), StandardCharsets.UTF_8);
          } else {
            fields(
                value, (kind, text) -> pair[1] = new String(bytes(text), StandardCharsets.UTF_8));
          }
        });
    into.put(pair[0], pair[1]);
  }

  private static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.duplicate().get(bytes);
    return bytes;
  }

  /** The fields of a message that have a length; numbers are passed over. */
  private static void fields(ByteBuffer message, BiConsumer<Integer, ByteBuffer> each) {
    while (message.hasRemaining()) {
      long tag = varint(message);
      switch ((int) tag & 7) {
        case 0 -> varint(message);
        case 1 -> message.position(message.position() + Long.BYTES);
        case 5 -> message.position(message.position() + Integer.BYTES);
        default -> {
          int length = (int) varint(message);
          each.accept((int) (tag >>> 3), message.slice(message.position(), length));
          message.position(message.position() + length);
        }
      }
    }
  }

  private static long varint(ByteBuffer message) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte part = message.get();
      value |= (long) (part & 127) << shift;
      if (part >= 0) {
        return value;
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
