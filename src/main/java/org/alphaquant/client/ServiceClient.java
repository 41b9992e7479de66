package org.alphaquant.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The requests of the REST API that the commands make. */
public final class ServiceClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final long LOOK_MILLIS = 100;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String url;
  private final Optional<String> key;
  private final Runnable whileWaiting;

  /**
   * @param url of the service, for example {@code http://localhost:8080}
   * @param key API key; empty for a service without keys
   */
  public ServiceClient(String url, Optional<String> key) {
    this(url, key, () -> {});
  }

  /**
   * @param whileWaiting called several times a second on the caller's thread while a response is
   *     awaited; an exception of it ends the request
   */
  public ServiceClient(String url, Optional<String> key, Runnable whileWaiting) {
    this.url = url.replaceAll("/+$", "");
    this.key = key;
    this.whileWaiting = whileWaiting;
  }

  public String url() {
    return url;
  }

  /** Whether the service is ready for requests. */
  public boolean isUp() throws InterruptedException {
    try {
      return http.send(get("/readyz").build(), BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /**
   * @throws ClientException with the service's own words if it refuses, or where it does not answer
   */
  public JsonNode read(String path) throws InterruptedException {
    return json(send(get(path).build()));
  }

  /**
   * Reads a path; empty where the service answers 404.
   *
   * @throws ClientException as {@link #read}, for any other refusal
   */
  Optional<JsonNode> find(String path) throws InterruptedException {
    HttpResponse<String> response = send(get(path).build());
    return response.statusCode() == 404 ? Optional.empty() : Optional.of(json(response));
  }

  /**
   * Posts a JSON body.
   *
   * @throws ClientException with the service's own words if it refuses, or where it does not answer
   */
  public JsonNode post(String path, String body) throws InterruptedException {
    return post(path, body, Map.of());
  }

  /** {@link #post(String, String)} with further headers. */
  public JsonNode post(String path, String body, Map<String, String> headers)
      throws InterruptedException {
    HttpRequest.Builder request =
        request(path).timeout(TIMEOUT).header("Content-Type", "application/json");
    headers.forEach(request::header);
    return json(send(request.POST(BodyPublishers.ofString(body)).build()));
  }

  /** Posts a request without a body. */
  public JsonNode post(String path) throws InterruptedException {
    return json(send(request(path).timeout(TIMEOUT).POST(BodyPublishers.noBody()).build()));
  }

  /** The bytes of a file from {@code offset} on. */
  InputStream download(String path, long offset) throws InterruptedException {
    HttpRequest.Builder request = request(path).header("Accept", "*/*").GET();
    if (offset > 0) {
      request.header("Range", "bytes=%d-".formatted(offset));
    }
    HttpResponse<InputStream> response = open(request.build(), BodyHandlers.ofInputStream());
    if (response.statusCode() != (offset > 0 ? 206 : 200)) {
      throw refused(response, text(response.body()));
    }
    return response.body();
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

  /** A text as part of a path or query. */
  public static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpResponse<String> send(HttpRequest request) throws InterruptedException {
    return open(request, BodyHandlers.ofString());
  }

  private <T> HttpResponse<T> open(HttpRequest request, HttpResponse.BodyHandler<T> body)
      throws InterruptedException {
    CompletableFuture<HttpResponse<T>> response = http.sendAsync(request, body);
    try {
      while (true) {
        try {
          return response.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException notYet) {
          whileWaiting.run();
        }
      }
    } catch (ExecutionException e) {
      throw new ClientException(
          "the service does not answer at %s (%s)".formatted(url, reason(e.getCause())),
          ClientException.UNREACHABLE);
    } finally {
      // Closes the connection if no response has come.
      response.cancel(true);
    }
  }

  private static String reason(Throwable e) {
    Throwable first = e;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    return first instanceof UnresolvedAddressException
        ? "there is no such host"
        : first instanceof ClosedChannelException
            ? "connection refused"
            : Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
  }

  private HttpRequest.Builder get(String path) {
    return request(path).timeout(TIMEOUT).GET();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
    key.ifPresent(text -> request.header("Authorization", "Bearer " + text));
    return request;
  }

  private static JsonNode json(HttpResponse<String> response) {
    if (response.statusCode() / 100 != 2) {
      throw refused(response, response.body());
    }
    return JSON.readTree(response.body());
  }

  private static ClientException refused(HttpResponse<?> response, String body) {
    return new ClientException(
        "the service answered %d to %s: %s"
            .formatted(response.statusCode(), response.uri().getPath(), Problem.text(body)));
  }

  private static String text(InputStream body) {
    try (body) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      return broken.toString();
    }
  }

  /**
   * A problem (RFC 9457) in words: its detail and, where there are several faults, each of them.
   */
  private static final class Problem {

    static String text(String body) {
      try {
        JsonNode problem = JSON.readTree(body);
        StringBuilder text = new StringBuilder(problem.path("detail").asString(body));
        JsonNode faults = problem.path("errors");
        if (faults.size() > 1) {
          faults.forEach(fault -> text.append("\n  ").append(line(fault)));
        }
        return text.toString();
      } catch (JacksonException noJson) {
        return body.strip();
      }
    }

    private static String line(JsonNode fault) {
      return "%s: %s"
          .formatted(fault.path("pointer").asString(""), fault.path("detail").asString(""));
    }
  }
}
