package org.alphaquant.api;

import static org.alphaquant.api.ProblemTest.problem;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alphaquant.api.Http.Answer;
import org.alphaquant.job.JobError;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class JobApiTest {

  private final RunningServer server = RunningServer.shared();
  private final Http http = server.http();
  private final TestWorker worker = new TestWorker(server);

  @Test
  void aPostedJobIsCreatedAndFoundAtItsLocation() {
    Answer created =
        http.postJson(
            "/v1/jobs",
            """
            {"model": "bench/olmoe", "config": {"default": {"wq": "int4"}}, "labels": {"team": "x"},
             "priority": 5}
            """);
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    assertThat(created.header("Location")).isEqualTo("/v1/jobs/" + created.at("/id"));
    assertThat(created.at("/state")).isEqualTo("QUEUED");
    assertThat(created.at("/spec/config/default/wq")).isEqualTo("int4");
    assertThat(created.at("/spec/gptq/routing_weight")).isEqualTo("1.0");
    assertThat(created.at("/labels/team")).isEqualTo("x");
    assertThat(created.json().get("priority").asInt()).isEqualTo(5);
    Answer read = http.get(created.header("Location"));
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.json()).isEqualTo(created.json());
  }

  @Test
  void aListShowsWhatCameOfJobsWithoutTheirFiles() {
    Answer posted =
        http.postJson("/v1/jobs", "{\"model\": \"m\", \"labels\": {\"seen\": \"in-a-list\"}}");
    worker.succeed(posted.at("/id"), Map.of("experts.json", "{}"));
    Answer list = http.get("/v1/jobs?label.seen=in-a-list");
    assertThat(list.at("/data/0/kind")).isEqualTo("quantization");
    assertThat(list.at("/data/0/recipe")).isEqualTo("moe");
    assertThat(list.json().at("/data/0/result/bytes/after").isNumber()).isTrue();
    assertThat(list.json().at("/data/0/result/artifacts").isMissingNode()).isTrue();
    JsonNode whole = http.get(posted.header("Location")).json();
    assertThat(whole.at("/result/artifacts/0/name").asString()).isEqualTo("experts.json");
  }

  @Test
  void theSameKeyAndBodyReturnTheSameJob() {
    String key = "\"" + UUID.randomUUID() + "\"";
    Answer first = http.postJson("/v1/jobs", "{\"model\": \"m\"}", "Idempotency-Key", key);
    Answer second = http.postJson("/v1/jobs", "{ \"model\":\"m\" }", "Idempotency-Key", key);
    assertThat(first.status()).isEqualTo(201);
    assertThat(first.header("Idempotency-Replayed")).isNull();
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
    assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    assertThat(second.at("/id")).isEqualTo(first.at("/id"));
  }

  @Test
  void theSameKeyWithAnotherBodyIsRefused() {
    String key = UUID.randomUUID().toString();
    Answer first = http.postJson("/v1/jobs", "{\"model\": \"m\"}", "Idempotency-Key", key);
    Answer other = http.postJson("/v1/jobs", "{\"model\": \"n\"}", "Idempotency-Key", key);
    problem(other, 422, "idempotency-key-reused");
    assertThat(other.at("/detail")).contains(key, first.at("/id"));
  }

  @Test
  void aKeyOfBlanksOrTooLongIsRefused() {
    for (String key : new String[] {"\"\"", "a b", "x".repeat(256)}) {
      problem(
          http.postJson("/v1/jobs", "{\"model\": \"m\"}", "Idempotency-Key", key),
          400,
          "invalid-header");
    }
  }

  @Test
  void fiftyPostsWithOneKeyAtOnceMakeOneJob() throws Exception {
    String key = UUID.randomUUID().toString();
    ExecutorService clients = Executors.newFixedThreadPool(50);
    List<Callable<Answer>> posts = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      posts.add(() -> http.postJson("/v1/jobs", "{\"model\": \"m\"}", "Idempotency-Key", key));
    }
    List<Answer> answers = new ArrayList<>();
    for (Future<Answer> answer : clients.invokeAll(posts)) {
      answers.add(answer.get());
    }
    clients.shutdown();
    assertThat(answers).extracting(Answer::status).containsOnlyOnce(201).containsOnly(200, 201);
    assertThat(answers)
        .extracting(answer -> answer.at("/id"))
        .containsOnly(answers.get(0).at("/id"));
  }

  @Test
  void aJobThatHasNotChangedIsNotSentAgain() {
    String id = post();
    Answer read = http.get("/v1/jobs/" + id);
    Answer again = http.get("/v1/jobs/" + id, "If-None-Match", read.header("ETag"));
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.bytes()).isEmpty();
    assertThat(again.header("ETag")).isEqualTo(read.header("ETag"));
    worker.claim(id);
    Answer changed = http.get("/v1/jobs/" + id, "If-None-Match", read.header("ETag"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.at("/state")).isEqualTo("RUNNING");
    assertThat(changed.header("ETag")).isNotEqualTo(read.header("ETag"));
  }

  @Test
  void aQueuedJobIsCancelledAtOnceAndCancellingTwiceIsNoError() {
    String id = post();
    Answer cancelled = http.post("/v1/jobs/" + id + "/cancel?reason=not%20needed");
    assertThat(cancelled.status()).isEqualTo(200);
    assertThat(cancelled.at("/state")).isEqualTo("CANCELLED");
    assertThat(cancelled.at("/cancel_reason")).isEqualTo("not needed");
    assertThat(cancelled.at("/finished_at")).isNotEmpty();
    assertThat(http.post("/v1/jobs/" + id + "/cancel").status()).isEqualTo(200);
  }

  @Test
  void aRunningJobIsAskedToStop() {
    String id = post();
    worker.claim(id);
    Answer asked = http.post("/v1/jobs/" + id + "/cancel");
    assertThat(asked.status()).isEqualTo(202);
    assertThat(asked.at("/state")).isEqualTo("RUNNING");
    assertThat(asked.at("/cancel_requested_at")).isNotEmpty();
    worker.cancelled(id);
    assertThat(http.post("/v1/jobs/" + id + "/cancel").status()).isEqualTo(200);
  }

  @Test
  void aFinishedJobCannotBeCancelled() {
    String id = post();
    worker.claim(id);
    worker.fail(id, new JobError("bad-model", JobError.Kind.USER, "the model is broken", null));
    Answer answer = http.post("/v1/jobs/" + id + "/cancel");
    problem(answer, 409, "job-finished");
    assertThat(answer.at("/detail"))
        .isEqualTo("Job " + id + " has failed and cannot be cancelled.");
    Answer failed = http.get("/v1/jobs/" + id);
    assertThat(failed.at("/state")).isEqualTo("FAILED");
    assertThat(failed.at("/error/class")).isEqualTo("user");
    assertThat(failed.at("/error/message")).isEqualTo("the model is broken");
  }

  @Test
  void aFailedOrCancelledJobIsQueuedAgain() {
    String id = post();
    Answer early = problem(http.post("/v1/jobs/" + id + "/retry"), 409, "job-active");
    assertThat(early.at("/detail")).contains("is queued");
    http.post("/v1/jobs/" + id + "/cancel");
    Answer retried = http.post("/v1/jobs/" + id + "/retry");
    assertThat(retried.status()).isEqualTo(202);
    assertThat(retried.at("/state")).isEqualTo("QUEUED");
    assertThat(retried.json().has("cancel_requested_at")).isFalse();
    worker.succeed(id);
    problem(http.post("/v1/jobs/" + id + "/retry"), 409, "job-finished");
  }

  @Test
  void aFinishedJobIsDeletedWithItsEvents() {
    String id = post();
    problem(http.delete("/v1/jobs/" + id), 409, "job-active");
    worker.succeed(id);
    assertThat(http.delete("/v1/jobs/" + id).status()).isEqualTo(204);
    problem(http.get("/v1/jobs/" + id), 404, "job-not-found");
    problem(http.get("/v1/jobs/" + id + "/events"), 404, "job-not-found");
    problem(http.delete("/v1/jobs/" + id), 404, "job-not-found");
  }

  @Test
  void finishedJobsAreDeletedByStateAndLabel() {
    String run = UUID.randomUUID().toString();
    String queued = postLabelled(run);
    String cancelled = postLabelled(run);
    String other = postLabelled(run + "x");
    http.post("/v1/jobs/" + cancelled + "/cancel");
    http.post("/v1/jobs/" + other + "/cancel");
    Answer deleted = http.delete("/v1/jobs?state=CANCELLED,FAILED&label.run=" + run);
    assertThat(deleted.json().get("deleted").asInt()).isEqualTo(1);
    assertThat(deleted.json().get("has_more").asBoolean()).isFalse();
    problem(http.get("/v1/jobs/" + cancelled), 404, "job-not-found");
    assertThat(http.get("/v1/jobs/" + queued).status()).isEqualTo(200);
    assertThat(http.get("/v1/jobs/" + other).status()).isEqualTo(200);
    problem(http.delete("/v1/jobs"), 400, "invalid-parameter");
    problem(http.delete("/v1/jobs?state=QUEUED"), 400, "invalid-parameter");
  }

  @Test
  void aSucceededJobCarriesItsResult() {
    String id = post();
    worker.claim(id);
    worker.progress(id, 0.5);
    worker.succeed(id);
    Answer done = http.get("/v1/jobs/" + id);
    assertThat(done.at("/state")).isEqualTo("SUCCEEDED");
    assertThat(done.json().at("/progress/fraction").asDouble()).isEqualTo(1);
    assertThat(done.json().at("/progress/estimated_remaining_seconds").asInt()).isZero();
    assertThat(done.json().at("/result/perplexity/before").asDouble()).isEqualTo(5.66);
    assertThat(done.json().at("/result/perplexity/after").asDouble()).isEqualTo(5.69);
    assertThat(done.json().at("/result/bits_per_weight").asDouble()).isEqualTo(4.25);
    assertThat(done.json().at("/result/bytes/before").asLong()).isEqualTo(4000);
    assertThat(done.json().at("/result/bytes/after").asLong()).isEqualTo(1000);
  }

  @Test
  void theListIsPagedWithoutGapsWhileJobsArrive() {
    String run = UUID.randomUUID().toString();
    List<String> posted = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      posted.add(0, postLabelled(run));
    }
    List<String> listed = new ArrayList<>();
    String path = "/v1/jobs?limit=3&label.run=" + run;
    Answer page = http.get(path);
    while (true) {
      page.json().get("data").forEach(job -> listed.add(job.get("id").asString()));
      if (!page.json().get("has_more").asBoolean()) {
        break;
      }
      postLabelled(run);
      page = http.get(path + "&after=" + page.at("/next"));
    }
    assertThat(listed).containsExactlyElementsOf(posted);
    assertThat(page.json().has("next")).isFalse();
  }

  @Test
  void aJobsIdIsACursorToo() {
    String run = UUID.randomUUID().toString();
    String first = postLabelled(run);
    String second = postLabelled(run);
    Answer page = http.get("/v1/jobs?label.run=" + run + "&after=" + second);
    assertThat(page.json().get("data")).hasSize(1);
    assertThat(page.at("/data/0/id")).isEqualTo(first);
  }

  @Test
  void theListIsFilteredByStateInEitherCase() {
    String run = UUID.randomUUID().toString();
    String queued = postLabelled(run);
    String cancelled = postLabelled(run);
    http.post("/v1/jobs/" + cancelled + "/cancel");
    String path = "/v1/jobs?label.run=" + run + "&state=";
    assertThat(http.get(path + "QUEUED").at("/data/0/id")).isEqualTo(queued);
    assertThat(http.get(path + "cancelled").at("/data/0/id")).isEqualTo(cancelled);
    assertThat(http.get(path + "queued,cancelled").json().get("data")).hasSize(2);
    assertThat(http.get(path + "RUNNING").json().get("data")).isEmpty();
  }

  @Test
  void aListWithAWrongParameterIsRefused() {
    Answer state = problem(http.get("/v1/jobs?state=done"), 400, "invalid-parameter");
    assertThat(state.at("/errors/0/pointer")).isEqualTo("state");
    assertThat(state.json().at("/errors/0/allowed").toString())
        .isEqualTo("[\"QUEUED\",\"RUNNING\",\"SUCCEEDED\",\"FAILED\",\"CANCELLED\"]");
    for (String limit : new String[] {"0", "201", "-1", "x", "99999999999"}) {
      Answer answer = problem(http.get("/v1/jobs?limit=" + limit), 400, "invalid-parameter");
      assertThat(answer.at("/errors/0/pointer")).isEqualTo("limit");
      assertThat(answer.at("/errors/0/value")).isEqualTo(limit);
    }
    problem(http.get("/v1/jobs?stat=queued"), 400, "invalid-parameter");
    for (String cursor : new String[] {"x", "bm8", UUID.randomUUID().toString()}) {
      problem(http.get("/v1/jobs?after=" + cursor), 400, "invalid-cursor");
      problem(http.get("/v1/calibrations?after=" + cursor), 400, "invalid-cursor");
    }
  }

  private String post() {
    return http.postJson("/v1/jobs", "{\"model\": \"m\"}").at("/id");
  }

  private String postLabelled(String run) {
    Answer answer =
        http.postJson("/v1/jobs", "{\"model\": \"m\", \"labels\": {\"run\": \"" + run + "\"}}");
    assertThat(answer.status()).isEqualTo(201);
    return answer.at("/id");
  }
}
