package org.alphaquant.quickstart;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The few requests of the REST API that following one job takes. */
final class ServiceClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final JsonMapper JSON = JsonMapper.shared();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String url;

  ServiceClient(String url) {
    this.url = url;
  }

  /** Whether the service answers that it can take requests. */
  boolean isUp() throws InterruptedException {
    try {
      return send(get("/readyz").build()).statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /**
   * Posts a job.
   *
   * @throws QuickstartException with the service's own words if it refuses
   */
  JsonNode post(String body) throws IOException, InterruptedException {
    return json(
        send(
            request("/v1/jobs")
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build()));
  }

  JsonNode read(String path) throws IOException, InterruptedException {
    return json(send(get(path).build()));
  }

  /** The lines of a job's event stream from the event after {@code lastEventId} on. */
  Stream<String> events(String job, String lastEventId) throws IOException, InterruptedException {
    // No time limit: the stream lives as long as the job, and comments keep it alive.
    HttpRequest.Builder request =
        request("/v1/jobs/" + job + "/events").header("Accept", "text/event-stream");
    if (!lastEventId.isEmpty()) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpResponse<Stream<String>> response = http.send(request.build(), BodyHandlers.ofLines());
    if (response.statusCode() != 200) {
      try (Stream<String> lines = response.body()) {
        throw refused(response, String.join("\n", lines.toList()));
      }
    }
    return response.body();
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return http.send(request, BodyHandlers.ofString());
  }

  private HttpRequest.Builder get(String path) {
    return request(path).timeout(TIMEOUT).GET();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path));
  }

  private static JsonNode json(HttpResponse<String> response) {
    if (response.statusCode() / 100 != 2) {
      throw refused(response, response.body());
    }
    return JSON.readTree(response.body());
  }

  private static QuickstartException refused(HttpResponse<?> response, String body) {
    return new QuickstartException(
        "the service answered %d to %s: %s"
            .formatted(response.statusCode(), response.uri().getPath(), detail(body)));
  }

  private static String detail(String body) {
    try {
      return JSON.readTree(body).path("detail").asString(body);
    } catch (JacksonException noJson) {
      return body.strip();
    }
  }
}
