package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.webhook.Receiver;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Replicas of the service that quantize a real model while they are killed, stopped and ended and
 * their network and database break, and clients that want their results all the same. The seed,
 * which is printed, repeats the faults: {@code -Dalphaquant.faults.seed=…}.
 */
class ChaosTest {
  private static final int OPEN_JOBS = 4;
  private static final int JOBS_TO_A_BOMB = 10;
  private static final String MODEL_FILE = "model.safetensors";
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 4, "sequence_length": 64},
       "webhook": {"url": "%s"}}
      """;

  /** Fills the memory of whoever encodes its text, and of nobody who encodes another one. */
  private static final String BOMB_JOB =
      """
      {"model": "bomb",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"texts": ["%s"], "samples": 4, "sequence_length": 64},
       "webhook": {"url": "%s"}}
      """;

  static final String BOMB = "bomb";
  static final String HOOK = "/hook";
  private static final String GROWS = "☃";

  @TempDir Path directory;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void nothingIsLostInAFewSeconds() throws Exception {
    survive(2, 15, 6000);
  }

  @Tag("faults")
  @Test
  void nothingIsLostForAsLongAsAsked() throws Exception {
    survive(
        3,
        Integer.getInteger("alphaquant.faults.seconds", 600),
        // A machine with other work renews leases slowly.
        Integer.getInteger("alphaquant.faults.lease-millis", 15_000));
  }

  private void survive(int count, int seconds, int leaseMillis) throws Exception {
    System.out.println("[chaos] seed " + seed);
    Path data = Files.createDirectories(directory.resolve("data")).toRealPath();
    Path models = Files.createDirectories(directory.resolve("models")).toRealPath();
    bomb(models.resolve(BOMB));
    List<ServiceProcess> replicas = new ArrayList<>();
    // Each replica's own, so that one can be cut off while the others are not.
    List<TcpProxy> lines = new ArrayList<>();
    ExecutorService clients = Executors.newCachedThreadPool();
    try (RestartableDatabase database = new RestartableDatabase(directory.resolve("postgres"));
        Receiver receiver = new Receiver();
        JobDatabase observer = new JobDatabase(database.details())) {
      for (int i = 0; i < count; i++) {
        lines.add(new TcpProxy(database.details()));
        replicas.add(replica(lines.get(i), database, data, models, receiver, leaseMillis));
        replicas.get(i).start();
      }
      Faults faults = new Faults(seed, replicas, lines, database, leaseMillis);
      List<String> bases = replicas.stream().map(ServiceProcess::base).toList();
      FaultClient first = new FaultClient(bases, seed);
      String spec = JOB.formatted(receiver.url(HOOK));
      ChaosStory unbroken = live(first, spec, "unbroken", -1);
      assertThat(unbroken.end()).isEqualTo("SUCCEEDED");
      String bomb = BOMB_JOB.formatted(GROWS.repeat(200), receiver.url(HOOK));

      Future<?> breaking = clients.submit(() -> faults.go(seconds * 1000L));
      List<Future<ChaosStory>> stories = new ArrayList<>();
      while (!breaking.isDone()) {
        if (stories.stream().filter(story -> !story.isDone()).count() < OPEN_JOBS) {
          FaultClient client = new FaultClient(bases, random.nextLong());
          String key = "job-" + stories.size();
          int cancelAfter = random.nextInt(4) == 0 ? random.nextInt(4000) : -1;
          String job = stories.size() % JOBS_TO_A_BOMB == 1 ? bomb : spec;
          stories.add(clients.submit(() -> live(client, job, key, cancelAfter)));
        }
        LockSupport.parkNanos(100_000_000);
      }
      breaking.get();
      // A machine with other work starts services and runners slowly.
      await()
          .atMost(Duration.ofMinutes(4).plusSeconds(seconds))
          .until(
              () -> {
                faults.revive();
                return stories.stream().allMatch(Future::isDone);
              });
      List<ChaosStory> all = new ArrayList<>(List.of(unbroken));
      for (Future<ChaosStory> story : stories) {
        all.add(story.get());
      }
      ChaosVerdict verdict = new ChaosVerdict(observer, data, receiver);
      verdict.check(all);
      verdict.checkProcesses(replicas);
      System.out.printf(
          "[chaos] %s in %d s: %d jobs ended once each, %s, on up to %d attempts; %d events, %d"
              + " bytes of downloads, %d messages to a webhook; no zombie, no core dump%n",
          faults.done(),
          seconds,
          all.size(),
          verdict.ends(),
          verdict.attempts(),
          all.stream().mapToInt(story -> story.events().size()).sum(),
          all.stream().mapToLong(story -> story.bytes()).sum(),
          receiver.at(HOOK).size());
    } catch (Throwable e) {
      replicas.forEach(replica -> System.out.println("[chaos] " + replica.log()));
      throw e;
    } finally {
      clients.shutdownNow();
      replicas.forEach(ServiceProcess::close);
      for (TcpProxy line : lines) {
        line.close();
      }
    }
  }

  private static void bomb(Path folder) throws IOException {
    FileSystemUtils.copyRecursively(Path.of("examples/models/olmoe-demo"), folder);
    Path file = folder.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) JsonMapper.shared().readTree(Files.readString(file));
    ObjectNode normalizer = tokenizer.putObject("normalizer").put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    for (int i = 0; i < 5; i++) {
      ObjectNode step = steps.addObject().put("type", "Replace").put("content", GROWS.repeat(100));
      step.putObject("pattern").put("String", GROWS);
    }
    Files.writeString(file, tokenizer.toString());
  }

  private static ServiceProcess replica(
      TcpProxy line,
      RestartableDatabase database,
      Path data,
      Path models,
      Receiver receiver,
      int leaseMillis) {
    return new ServiceProcess(
        line.through(database.details()),
        data,
        "alphaquant.worker.devices=" + System.getProperty("alphaquant.faults.devices", "cpu"),
        "alphaquant.models.roots=" + models,
        "alphaquant.runner.heap=256MB",
        "alphaquant.runner.max-memory=1GB",
        "alphaquant.worker.lease=" + leaseMillis + "ms",
        "alphaquant.worker.renew-every=1s",
        "alphaquant.worker.trust-margin=2s",
        "alphaquant.worker.poll-every=500ms",
        "alphaquant.worker.reap-every=1s",
        "alphaquant.worker.retry-backoff=100ms",
        "alphaquant.worker.progress-every=50ms",
        "alphaquant.worker.drain-grace=3s",
        "alphaquant.worker.abandon-after=1s",
        // More workers are lost here than a job could end by itself.
        "alphaquant.worker.lost-leases=1000",
        "alphaquant.retention.sweep-every=2s",
        "alphaquant.webhooks.allowed-hosts=" + receiver.host(),
        "alphaquant.webhooks.secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "alphaquant.webhooks.allow-http=true",
        "alphaquant.webhooks.allow-private-addresses=true",
        "alphaquant.webhooks.timeout=2s",
        "alphaquant.webhooks.poll-every=1s",
        "spring.datasource.hikari.connection-timeout=2000",
        "spring.datasource.hikari.data-source-properties.socketTimeout=3");
  }

  /**
   * @param cancelAfter milliseconds; negative for never
   */
  private static ChaosStory live(FaultClient client, String spec, String key, int cancelAfter) {
    FaultClient.Answer posted = client.post("/v1/jobs", spec, key);
    assertThat(posted.status()).as(posted.toString()).isIn(200, 201, 202);
    String id = posted.json().get("id").asString();
    // The key's second use must find the first one's job, whichever replica is asked.
    assertThat(client.post("/v1/jobs", spec, key).json().get("id").asString()).isEqualTo(id);
    CompletableFuture<Void> cancelled = CompletableFuture.completedFuture(null);
    if (cancelAfter >= 0) {
      cancelled =
          CompletableFuture.runAsync(
              () -> cancel(client.another(), id),
              CompletableFuture.delayedExecutor(cancelAfter, TimeUnit.MILLISECONDS));
    }
    List<JsonNode> events = client.follow(id);
    cancelled.join();
    byte[] file = {};
    if (events.get(events.size() - 1).at("/data/state").asString().equals("SUCCEEDED")) {
      JsonNode job = client.get("/v1/jobs/" + id + "/artifacts").json();
      for (JsonNode artifact : job.get("data")) {
        if (artifact.get("name").asString().equals(MODEL_FILE)) {
          file = client.download(id, MODEL_FILE, artifact.get("bytes").asInt());
        }
      }
    }
    return new ChaosStory(id, events, file.length, ChaosStory.sha256(file));
  }

  private static void cancel(FaultClient client, String id) {
    FaultClient.Answer answer = client.post("/v1/jobs/" + id + "/cancel", null, null);
    assertThat(answer.status()).as(answer.toString()).isIn(200, 202, 409);
  }
}
