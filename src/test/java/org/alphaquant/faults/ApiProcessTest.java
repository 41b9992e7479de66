package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.database.TestDatabases;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** A process that serves the API and runs no jobs. */
class ApiProcessTest {
  private static final String WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  private static final String JOB =
      "{\"model\": \"olmoe-demo\", \"config\": {\"default\": {\"wq\": \"int4\", \"group_size\": 32}}}";

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> answers = new ArrayList<>();
  private ServiceProcess service;

  @BeforeEach
  void start() throws IOException {
    service =
        new ServiceProcess(
            TestDatabases.create(),
            directory.toRealPath(),
            "alphaquant.role=api",
            "alphaquant.webhooks.allowed-hosts=example.org",
            "alphaquant.webhooks.secret=" + WEBHOOK_SECRET);
    service.environment("DJL_CACHE_DIR", libraries().toString());
    service.start();
    await()
        .atMost(Duration.ofMinutes(2))
        .ignoreExceptions()
        .until(() -> send("GET", "/readyz", null, "").statusCode() == 200);
  }

  private Path libraries() {
    return directory.resolve("libraries");
  }

  @AfterEach
  void stop() {
    service.close();
  }

  /** What is loaded must first be unpacked, as it is in the jar. */
  @Test
  void itNeverLoadsLibtorch() throws Exception {
    assertThat(send("POST", "/v1/jobs", null, JOB).statusCode()).isEqualTo(201);
    assertThat(send("POST", "/v1/plans", null, JOB).statusCode()).isEqualTo(200);
    String model = "{\"model\": \"olmoe-demo\"}";
    assertThat(send("POST", "/v1/models:inspect", null, model).statusCode()).isEqualTo(200);
    assertThat(send("GET", "/v1/workers", null, "").statusCode()).isEqualTo(200);
    assertThat(libraries().resolve("pytorch")).doesNotExist();
  }

  @Test
  void noSecretIsInItsLogOrItsAnswers() throws Exception {
    String made =
        send("POST", "/v1/keys", null, "{\"owner\": \"a\", \"scopes\": [\"read\", \"admin\"]}")
            .body();
    String key = JsonMapper.shared().readTree(made).get("key").asString();
    answers.clear();
    send("POST", "/v1/jobs", key, JOB);
    send("POST", "/v1/keys", key, "{\"owner\": \"" + "x".repeat(5000) + "\"}");
    send("GET", "/v1/jobs/" + key, key, "");
    send("GET", "/v1/jobs?after=x", key, "");
    send("GET", "/v1/jobs", key.substring(0, key.length() - 1) + "_", "");
    send("GET", "/v1/keys", key, "");
    service.signal("TERM");
    await().until(() -> !service.isAlive());

    // The third part; it may have underscores itself.
    String secret = key.split("_", 3)[2].substring(0, 40);
    assertThat(service.log()).isNotEmpty().doesNotContain(secret).doesNotContain(WEBHOOK_SECRET);
    // The one answer that repeats it names the path that the client itself put it in.
    assertThat(answers)
        .filteredOn(answer -> !answer.contains("/v1/jobs/qk_"))
        .hasSize(5)
        .noneMatch(answer -> answer.contains(secret));
  }

  private HttpResponse<String> send(String method, String path, String key, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(service.base() + path))
            .header("Content-Type", "application/json")
            .header("X-Setup-Token", ServiceProcess.SETUP_TOKEN)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    answers.add(answer.body());
    return answer;
  }
}
