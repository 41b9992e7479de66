package org.alphaquant.fault;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks any replica, and another one when that does not answer or says that it cannot now. */
final class Client {
  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final Duration GIVE_UP = Duration.ofMinutes(3);
  private static final long RETRY_MILLIS = 200;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final List<String> addresses;

  Client(List<String> addresses) {
    this.addresses = List.copyOf(addresses);
  }

  String anyAddress() {
    return addresses.get(ThreadLocalRandom.current().nextInt(addresses.size()));
  }

  JsonNode get(String path) throws InterruptedException {
    return json(until(address -> request(address, path).GET()));
  }

  /** One job for one key, however often it has to be asked for. */
  String create(String spec, String key) throws InterruptedException {
    HttpResponse<byte[]> answer =
        until(
            address ->
                request(address, "/v1/jobs")
                    .header("Content-Type", "application/json")
                    .header("Idempotency-Key", '"' + key + '"')
                    .POST(HttpRequest.BodyPublishers.ofString(spec)));
    return json(answer).get("id").asString();
  }

  void cancel(String id) throws InterruptedException {
    until(
        address ->
            request(address, "/v1/jobs/" + id + "/cancel")
                .POST(HttpRequest.BodyPublishers.noBody()));
  }

  /** One try at a part of a file; its length tells how much came. */
  HttpResponse<java.io.InputStream> range(String path, long from, String etag)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(anyAddress(), path);
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-").header("If-Range", etag);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  private static HttpRequest.Builder request(String address, String path) {
    return HttpRequest.newBuilder(URI.create(address + path)).timeout(LONGEST);
  }

  private HttpResponse<byte[]> until(Function<String, HttpRequest.Builder> request)
      throws InterruptedException {
    long giveUp = System.nanoTime() + GIVE_UP.toNanos();
    while (true) {
      String last;
      try {
        HttpResponse<byte[]> answer =
            http.send(request.apply(anyAddress()).build(), HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() < 500) {
          return answer;
        }
        last = answer.statusCode() + " " + new String(answer.body());
        requireProblem(answer);
      } catch (IOException e) {
        last = e.toString();
      }
      if (System.nanoTime() > giveUp) {
        throw new IllegalStateException("nobody answers: " + last);
      }
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    }
  }

  /** A fault may make the service say "not now", never "I am broken". */
  private static void requireProblem(HttpResponse<byte[]> answer) {
    if (answer.statusCode() != 503) {
      throw new IllegalStateException(
          answer.request() + ": " + answer.statusCode() + " " + new String(answer.body()));
    }
  }

  private static JsonNode json(HttpResponse<byte[]> answer) {
    if (answer.statusCode() >= 400) {
      throw new IllegalStateException(
          answer.request() + ": " + answer.statusCode() + " " + new String(answer.body()));
    }
    return JsonMapper.shared().readTree(answer.body());
  }
}
