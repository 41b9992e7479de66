package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.job.row.Jobs;
import org.junit.jupiter.api.Test;

class ResultApiTest {

  private static final String CONTENT = "0123456789".repeat(10);

  private final RunningServer server = RunningServer.shared();
  private final Http http = server.http();
  private final TestWorker worker = new TestWorker(server);

  @Test
  void eventsArePagedWithoutGaps() {
    String id = post();
    worker.claim(id);
    for (int i = 1; i <= 5; i++) {
      worker.progress(id, i / 10.0);
    }
    Answer first = http.get("/v1/jobs/" + id + "/events?limit=4");
    assertThat(first.json().get("data"))
        .extracting(e -> e.get("seq").asInt())
        .containsExactly(1, 2, 3, 4);
    assertThat(first.at("/data/0/data/state")).isEqualTo("QUEUED");
    assertThat(first.at("/data/1/data/state")).isEqualTo("RUNNING");
    assertThat(first.json().at("/data/2/data/fraction").asDouble()).isEqualTo(0.1);
    assertThat(first.json().get("has_more").asBoolean()).isTrue();
    Answer second = http.get("/v1/jobs/" + id + "/events?after=" + first.at("/next"));
    assertThat(second.json().get("data"))
        .extracting(e -> e.get("seq").asInt())
        .containsExactly(5, 6, 7);
    assertThat(second.json().get("has_more").asBoolean()).isFalse();
    Answer none = http.get("/v1/jobs/" + id + "/events?after=" + second.at("/next"));
    assertThat(none.json().get("data")).isEmpty();
    assertThat(none.json().get("next").asLong()).isEqualTo(7);
  }

  @Test
  void progressIsPartOfTheJob() {
    String id = post();
    worker.claim(id);
    worker.progress(id, 0.5);
    Answer job = http.get("/v1/jobs/" + id);
    assertThat(job.at("/progress/phase")).isEqualTo("quantize");
    assertThat(job.json().at("/progress/estimated_remaining_seconds").asLong()).isEqualTo(9);
  }

  @Test
  void jobsAreComparedInTheOrderAskedForAndOnlyByWhoSeesThem() {
    String done = post();
    worker.succeed(done);
    String waiting = post();
    Answer both = http.get("/v1/jobs:compare?ids=" + waiting + "," + done);
    assertThat(both.status()).as(both.text()).isEqualTo(200);
    assertThat(both.at("/data/0/id")).isEqualTo(waiting);
    assertThat(both.at("/data/0/recipe")).isEqualTo("moe");
    assertThat(both.json().at("/data/0/perplexity").isMissingNode()).isTrue();
    assertThat(both.at("/data/1/state")).isEqualTo("SUCCEEDED");
    assertThat(both.json().at("/data/1/perplexity/after").asDouble()).isEqualTo(5.69);
    String other = UUID.randomUUID().toString();
    problem(http.get("/v1/jobs:compare?ids=" + done + "," + other), 404, "job-not-found");
    problem(http.get("/v1/jobs:compare"), 400, "invalid-parameter");
  }

  @Test
  void expertsAreReadFromTheEventsWhileTheJobRuns() {
    String id = post();
    problem(http.get("/v1/jobs/" + id + "/experts"), 404, "experts-not-available");
    worker.claim(id);
    worker.event(id, "experts", layer(1, 10));
    worker.event(id, "experts", layer(0, 20));
    worker.event(id, "experts", layer(1, 30));
    Answer answer = http.get("/v1/jobs/" + id + "/experts");
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.json().get("complete").asBoolean()).isFalse();
    assertThat(answer.json().get("data"))
        .extracting(l -> l.get("layer").asInt())
        .containsExactly(0, 1);
    assertThat(answer.json().at("/data/1/experts/0/tokens").asLong()).isEqualTo(30);
    assertThat(answer.json().at("/data/1/experts/1/under_utilized").asBoolean()).isTrue();
    assertThat(http.get("/v1/jobs/" + id + "/experts?layer=0").json().get("data")).hasSize(1);
    problem(http.get("/v1/jobs/" + id + "/experts?layer=7"), 404, "experts-not-available");
    problem(http.get("/v1/jobs/" + id + "/experts?layer=-1"), 400, "invalid-parameter");
  }

  @Test
  void expertsAreReadFromTheResultOnceTheJobIsDone() {
    String id = post();
    worker.succeed(
        id,
        Map.of(
            "experts.json",
            """
            {"data": [{"layer": 3, "tokens": 64, "top_k": 2, "entropy": 0.8,
              "experts": [{"expert": 0, "tokens": 100, "score_sum": 60.5, "score_mean": 0.605,
                           "share": 0.78, "under_utilized": false}]}]}
            """));
    Answer answer = http.get("/v1/jobs/" + id + "/experts");
    assertThat(answer.json().get("complete").asBoolean()).isTrue();
    assertThat(answer.json().at("/data/0/layer").asInt()).isEqualTo(3);
    assertThat(answer.json().at("/data/0/top_k").asInt()).isEqualTo(2);
    assertThat(answer.json().at("/data/0/experts/0/score_mean").asDouble()).isEqualTo(0.605);
  }

  @Test
  void artifactsAreListedByName() {
    String id = post();
    assertThat(http.get("/v1/jobs/" + id + "/artifacts").json().get("data")).isEmpty();
    worker.succeed(id, Map.of("model.safetensors", CONTENT, "config.json", "{}"));
    Answer list = http.get("/v1/jobs/" + id + "/artifacts");
    assertThat(list.json().get("data"))
        .extracting(artifact -> artifact.get("name").asString())
        .containsExactly("config.json", "model.safetensors");
    assertThat(list.json().at("/data/1/bytes").asLong()).isEqualTo(100);
    assertThat(list.at("/data/1/sha256")).hasSize(64);
  }

  @Test
  void aFileIsDownloadedWholeWithItsHash() {
    String path = artifact("deep/model.safetensors");
    Answer whole = http.get(path);
    assertThat(whole.status()).as(whole.text()).isEqualTo(200);
    assertThat(whole.text()).isEqualTo(CONTENT);
    assertThat(whole.header("ETag")).matches("\"sha256-[0-9a-f]{64}-[0-9a-f]+\"");
    assertThat(whole.header("Accept-Ranges")).isEqualTo("bytes");
    assertThat(whole.header("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(whole.header("Content-Disposition")).contains("attachment", "model.safetensors");
    assertThat(whole.header("Repr-Digest")).startsWith("sha-256=:").endsWith(":");
    assertThat(http.get(path, "If-None-Match", whole.header("ETag")).status()).isEqualTo(304);
    assertThat(http.get(path, "Accept", "application/json").status()).isEqualTo(200);
  }

  @Test
  void aRangeOfAFileIsDownloaded() {
    String path = artifact("model.safetensors");
    Answer part = http.get(path, "Range", "bytes=95-");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.text()).isEqualTo("56789");
    assertThat(part.header("Content-Range")).isEqualTo("bytes 95-99/100");
    assertThat(http.get(path, "Range", "bytes=-3").text()).isEqualTo("789");
    Answer beyond = problem(http.get(path, "Range", "bytes=100-"), 416, "range-not-satisfiable");
    assertThat(beyond.header("Content-Range")).isEqualTo("bytes */100");
    problem(http.get(path, "Range", "bytes=nonsense"), 416, "range-not-satisfiable");
  }

  @Test
  void aRangeOfAnotherVersionOfTheFileIsAnsweredWithAllOfThisOne() {
    String path = artifact("model.safetensors");
    String etag = http.get(path).header("ETag");
    Answer same = http.get(path, "Range", "bytes=95-", "If-Range", etag);
    assertThat(same.status()).isEqualTo(206);
    assertThat(same.text()).isEqualTo("56789");
    for (String other : List.of("\"sha256-0\"", "W/" + etag, "Tue, 01 Dec 2026 00:00:00 GMT")) {
      Answer answer = http.get(path, "Range", "bytes=95-", "If-Range", other);
      assertThat(answer.status()).as(other).isEqualTo(200);
      assertThat(answer.text()).isEqualTo(CONTENT);
    }
  }

  @Test
  void aDownloadIsNotResumedInAFileThatWasPutInTheOnesPlace() throws IOException {
    String id = post();
    worker.succeed(id, Map.of("model.safetensors", CONTENT));
    String path = "/v1/jobs/" + id + "/artifacts/model.safetensors";
    String etag = http.get(path).header("ETag");
    Path file = server.dataDirectory().resolve("work/" + id + "/1/result/model.safetensors");
    String other = "x".repeat(CONTENT.length());
    Files.writeString(file, other);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));

    Answer answer = http.get(path, "Range", "bytes=95-", "If-Range", etag);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text()).isEqualTo(other);
    assertThat(answer.header("ETag")).isNotEqualTo(etag);
  }

  @Test
  void onlyListedFilesAreServed() throws IOException {
    String id = post();
    worker.succeed(id, Map.of("model.safetensors", CONTENT));
    Path folder = server.dataDirectory().resolve("work/" + id + "/1/result");
    Files.writeString(folder.resolve("secret.txt"), "x");
    for (String name :
        new String[] {
          "secret.txt", "../result/model.safetensors", "%2e%2e/1/result/model.safetensors", "a%00b"
        }) {
      Answer answer = http.get("/v1/jobs/" + id + "/artifacts/" + name);
      assertThat(answer.status()).as(name).isIn(400, 404);
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    }
    Files.delete(folder.resolve("model.safetensors"));
    problem(http.get("/v1/jobs/" + id + "/artifacts/model.safetensors"), 404, "artifact-not-found");
  }

  private String artifact(String name) {
    String id = post();
    worker.succeed(id, Map.of(name, CONTENT));
    assertThat(server.get(Jobs.class).find(UUID.fromString(id))).isPresent();
    return "/v1/jobs/" + id + "/artifacts/" + name;
  }

  private static Map<String, Object> layer(int layer, long tokens) {
    return Map.of(
        "layer",
        layer,
        "experts",
        List.of(
            Map.of("expert", 0, "tokens", tokens, "share", 1.0, "under_utilized", false),
            Map.of("expert", 1, "tokens", 0, "share", 0.0, "under_utilized", true)));
  }

  private String post() {
    return http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
  }
}
