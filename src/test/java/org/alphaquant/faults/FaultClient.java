package org.alphaquant.faults;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client that never gives up: whatever breaks, it asks again, and any replica will do. */
final class FaultClient {
  private static final int CONNECT_MILLIS = 1000;
  // A stopped process keeps its connections open; only a time-out tells. Long enough for a service
  // on a busy machine to try a tokenizer.
  private static final int READ_MILLIS = 10_000;

  private final List<String> bases;
  private final Random random;

  FaultClient(List<String> bases, long seed) {
    this.bases = bases;
    this.random = new Random(seed);
  }

  /** One for another thread. */
  FaultClient another() {
    return new FaultClient(bases, random.nextLong());
  }

  /** An answer that is none of a replica in trouble. */
  record Answer(int status, JsonNode json) {}

  Answer get(String path) {
    return ask("GET", path, null, null);
  }

  Answer post(String path, String body, String key) {
    return ask("POST", path, body, key);
  }

  private Answer ask(String method, String path, String body, String key) {
    while (true) {
      try {
        HttpURLConnection connection = open(path);
        connection.setRequestMethod(method);
        if (key != null) {
          connection.setRequestProperty("Idempotency-Key", key);
        }
        if (body != null) {
          connection.setDoOutput(true);
          connection.setRequestProperty("Content-Type", "application/json");
          connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        }
        int status = connection.getResponseCode();
        if (status != 503) {
          return new Answer(status, json(connection, status));
        }
      } catch (IOException broken) {
        pause();
      }
      pause();
    }
  }

  private static JsonNode json(HttpURLConnection connection, int status) throws IOException {
    try (InputStream body =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      return JsonMapper.shared().readTree(body.readAllBytes());
    }
  }

  /** The events of a job to its end, each connection with the number of the last one. */
  List<JsonNode> follow(String job) {
    List<JsonNode> events = new ArrayList<>();
    while (!ended(events)) {
      try {
        // Every now and then it leaves by itself.
        read(job, events, random.nextInt(1, 60));
      } catch (IOException broken) {
        pause();
      }
    }
    return Collections.unmodifiableList(events);
  }

  private void read(String job, List<JsonNode> events, int most) throws IOException {
    HttpURLConnection connection = open("/v1/jobs/" + job + "/events");
    connection.setRequestProperty("Accept", "text/event-stream");
    if (!events.isEmpty()) {
      connection.setRequestProperty(
          "Last-Event-ID", events.get(events.size() - 1).get("seq").asString());
    }
    int count = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
      String data = "";
      String line = lines.readLine();
      while (line != null && count < most) {
        if (line.startsWith("data:")) {
          data = line.substring(5);
        } else if (line.isEmpty() && !data.isEmpty()) {
          events.add(JsonMapper.shared().readTree(data));
          data = "";
          count++;
        }
        line = lines.readLine();
      }
    } finally {
      connection.disconnect();
    }
  }

  static boolean isEnd(JsonNode event) {
    return event.path("type").asString().equals("state")
        && List.of("SUCCEEDED", "FAILED", "CANCELLED").contains(event.at("/data/state").asString());
  }

  private static boolean ended(List<JsonNode> events) {
    return !events.isEmpty() && isEnd(events.get(events.size() - 1));
  }

  /** A file of a result in pieces: each connection is broken by whoever breaks it first. */
  byte[] download(String job, String name, int bytes) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    String etag = null;
    while (whole.size() < bytes) {
      try {
        etag = piece("/v1/jobs/" + job + "/artifacts/" + name, whole, etag, bytes / 3 + 1);
      } catch (IOException broken) {
        pause();
      }
    }
    return whole.toByteArray();
  }

  private String piece(String path, ByteArrayOutputStream whole, String etag, int most)
      throws IOException {
    HttpURLConnection connection = open(path);
    // Without the first answer's tag nothing says which file the bytes at hand belong to.
    if (etag == null) {
      whole.reset();
    } else {
      connection.setRequestProperty("Range", "bytes=" + whole.size() + "-");
      connection.setRequestProperty("If-Range", etag);
    }
    try (InputStream body = connection.getInputStream()) {
      if (connection.getResponseCode() == HttpURLConnection.HTTP_OK) {
        whole.reset();
      }
      String current = connection.getHeaderField("ETag");
      int left = most;
      byte[] bytes = new byte[8192];
      for (int read = body.read(bytes); read > 0; read = left > 0 ? body.read(bytes) : -1) {
        whole.write(bytes, 0, read);
        left -= read;
      }
      return current;
    } catch (IOException broken) {
      if (whole.size() == 0) {
        throw broken;
      }
      String current = connection.getHeaderField("ETag");
      return current == null ? etag : current;
    } finally {
      connection.disconnect();
    }
  }

  private HttpURLConnection open(String path) {
    try {
      String base = bases.get(random.nextInt(bases.size()));
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(base + path).toURL().openConnection();
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      return connection;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    LockSupport.parkNanos(100_000_000);
  }
}
