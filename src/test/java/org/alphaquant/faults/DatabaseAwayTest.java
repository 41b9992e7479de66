package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.alphaquant.database.RestartableDatabase;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A service as it is set up by default whose database is away for longer than its lease. */
@Tag("faults")
class DatabaseAwayTest {
  private static final Duration AWAY = Duration.ofMinutes(1);
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 128, "sequence_length": 256}}
      """;

  @TempDir Path directory;

  @Test
  void theRunningJobIsTakenUpAgainAndTheApiSaysWhatIsWrong() throws Exception {
    try (RestartableDatabase database = new RestartableDatabase(directory.resolve("postgres"));
        ServiceProcess service =
            new ServiceProcess(
                database.details(), directory.toRealPath(), "alphaquant.worker.devices=cpu")) {
      service.start();
      FaultClient client = new FaultClient(List.of(service.base()), 1);
      String id = client.post("/v1/jobs", JOB, "away").json().get("id").asString();
      CompletableFuture<List<JsonNode>> stream =
          CompletableFuture.supplyAsync(() -> client.follow(id));
      FaultClient other = new FaultClient(List.of(service.base()), 2);
      await().until(() -> other.get("/v1/jobs/" + id).json().at("/progress/layer").asInt() > 0);

      long stopped = System.nanoTime();
      database.stop();
      HttpResponse<String> answer = ask(service.base() + "/v1/jobs/" + id);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("service-unavailable");
      assertThat(answer.headers().firstValue("Retry-After")).isPresent();
      await()
          .atMost(AWAY.multipliedBy(2))
          .until(() -> System.nanoTime() - stopped > AWAY.toNanos());
      database.start();

      await().atMost(Duration.ofMinutes(4)).until(stream::isDone);
      JsonNode job = other.get("/v1/jobs/" + id).json();
      assertThat(job.get("state").asString()).as(service.log()).isEqualTo("SUCCEEDED");
      List<Long> numbers = LongStream.rangeClosed(1, stream.get().size()).boxed().toList();
      assertThat(stream.get())
          .extracting(event -> event.get("seq").asLong())
          .containsExactlyElementsOf(numbers);
      assertThat(stream.get().get(numbers.size() - 1).get("attempt").asInt()).isEqualTo(2);
      assertThat(service.log()).contains("could not renew its lease in time");
      FaultReport.survived(
          "F4",
          "the database was away for 60 s: the job stopped itself and succeeded on its second"
              + " attempt");
    }
  }

  private static HttpResponse<String> ask(String url) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }
}
