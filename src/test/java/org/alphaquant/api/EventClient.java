package org.alphaquant.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads a stream of server-sent events as the HTML standard says. */
final class EventClient implements AutoCloseable {

  private final HttpResponse<InputStream> response;
  private final BufferedReader lines;
  private final List<Event> events = new ArrayList<>();
  private String firstLine;

  EventClient(Http http, String job, String... headers) {
    var request =
        http.request("/v1/jobs/" + job + "/events", headers).header("Accept", "text/event-stream");
    try {
      response =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .build()
              .send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertThat(response.statusCode()).isEqualTo(200);
    lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  /** One event; heartbeats are none. */
  record Event(long id, String type, JsonNode data) {}

  String header(String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  String firstLine() {
    return firstLine;
  }

  /** All events so far, waiting until there are so many. */
  List<Event> atLeast(int count) {
    while (events.size() < count && readOne()) {
      assertThat(events).doesNotContainNull();
    }
    assertThat(events).hasSizeGreaterThanOrEqualTo(count);
    return events;
  }

  /** All events until the server ends the stream. */
  List<Event> untilClosed() {
    boolean more = true;
    while (more) {
      more = readOne();
    }
    return events;
  }

  /** Reads up to the next event's end; false at the end of the stream. */
  private boolean readOne() {
    long id = -1;
    String type = null;
    StringBuilder data = new StringBuilder();
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        firstLine = firstLine == null ? line : firstLine;
        if (line.startsWith("id:")) {
          id = Long.parseLong(line.substring(3).strip());
        } else if (line.startsWith("event:")) {
          type = line.substring(6).strip();
        } else if (line.startsWith("data:")) {
          data.append(line.substring(5));
        } else if (line.isEmpty() && type != null) {
          events.add(new Event(id, type, JsonMapper.shared().readTree(data.toString())));
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      response.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
