package org.alphaquant.bench;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.alphaquant.AlphaQuantServer;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How long a real quantization of the bundled model goes on after its cancel, from the request to
 * the state CANCELLED, at random instants of the run.
 *
 * <p>Arguments: cancels (50), seed (1).
 */
final class CancelBench {
  private static final int LONGEST_RUN_MILLIS = 6000;

  private final HttpClient http = HttpClient.newHttpClient();
  private final String jobs;

  private CancelBench(String jobs) {
    this.jobs = jobs;
  }

  public static void main(String[] arguments) throws Exception {
    int count = LoadBench.argument(arguments, 0, 50);
    Random random = new Random(LoadBench.argument(arguments, 1, 1));
    String spec = Files.readString(Path.of("examples/jobs/olmoe-demo.json"));
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(AlphaQuantServer.class)
            .run(
                "--server.port=0",
                "--management.server.port=0",
                "--alphaquant.data-dir=" + Files.createTempDirectory("alphaquant-cancel"),
                "--alphaquant.models.roots=examples/models",
                "--alphaquant.files.roots=examples")) {
      int port = ((WebServerApplicationContext) context).getWebServer().getPort();
      CancelBench bench = new CancelBench("http://localhost:" + port + "/v1/jobs");
      Latencies latencies = new Latencies();
      for (int i = 0; i < count; i++) {
        bench.cancelOne(spec, random, latencies);
      }
      LoadBench.say("cancel to stopped: %s", latencies);
    }
  }

  private void cancelOne(String spec, Random random, Latencies latencies) throws Exception {
    String job = jobs + "/" + send("POST", jobs, spec).get("id").asString();
    awaitOther(job, "QUEUED");
    TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_RUN_MILLIS));
    long asked = System.nanoTime();
    send("POST", job + "/cancel", "");
    if (awaitOther(job, "RUNNING").equals("CANCELLED")) {
      latencies.add(System.nanoTime() - asked);
    }
  }

  /** Waits until the job is in another state than this one. */
  private String awaitOther(String job, String state) throws Exception {
    String now = state;
    while (now.equals(state)) {
      TimeUnit.MILLISECONDS.sleep(5);
      now = send("GET", job, "").get("state").asString();
    }
    return now;
  }

  private JsonNode send(String method, String url, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    return JsonMapper.shared().readTree(http.send(request, BodyHandlers.ofString()).body());
  }
}
