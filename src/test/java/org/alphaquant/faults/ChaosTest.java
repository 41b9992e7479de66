package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.database.RestartableDatabase;
import org.alphaquant.database.TcpProxy;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.webhook.Receiver;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Replicas of the service that quantize a real model while they are killed, stopped and ended and
 * their network and database break, and clients that want their results all the same. The seed,
 * which is printed, repeats the faults: {@code -Dalphaquant.faults.seed=…}.
 */
class ChaosTest {
  private static final long LEASE_MILLIS = 6000;
  private static final int OPEN_JOBS = 4;
  private static final String MODEL_FILE = "model.safetensors";
  private static final String JOB =
      """
      {"model": "olmoe-demo",
       "config": {"default": {"wq": "int4", "aq": "bf16", "group_size": 32}},
       "calibration": {"path": "text/calibration.jsonl", "field": "text",
                       "samples": 4, "sequence_length": 64},
       "webhook": {"url": "%s"}}
      """;
  private static final String HOOK = "/hook";

  @TempDir Path directory;

  private final long seed = Long.getLong("alphaquant.faults.seed", System.nanoTime());
  private final Random random = new Random(seed);

  @Test
  void nothingIsLostInAFewSeconds() throws Exception {
    survive(2, 15);
  }

  @Tag("faults")
  @Test
  void nothingIsLostForAsLongAsAsked() throws Exception {
    survive(3, Integer.getInteger("alphaquant.faults.seconds", 600));
  }

  private void survive(int count, int seconds) throws Exception {
    System.out.println("[chaos] seed " + seed);
    Path data = Files.createDirectories(directory.resolve("data")).toRealPath();
    List<ServiceProcess> replicas = new ArrayList<>();
    // Each replica's own, so that one can be cut off while the others are not.
    List<TcpProxy> lines = new ArrayList<>();
    ExecutorService clients = Executors.newCachedThreadPool();
    try (RestartableDatabase database = new RestartableDatabase(directory.resolve("postgres"));
        Receiver receiver = new Receiver();
        JobDatabase observer = new JobDatabase(database.details())) {
      for (int i = 0; i < count; i++) {
        lines.add(new TcpProxy(database.details()));
        replicas.add(replica(lines.get(i), database, data, receiver));
        replicas.get(i).start();
      }
      Faults faults = new Faults(seed, replicas, lines, database, LEASE_MILLIS);
      List<String> bases = replicas.stream().map(ServiceProcess::base).toList();
      FaultClient first = new FaultClient(bases, seed);
      String spec = JOB.formatted(receiver.url(HOOK));
      Story unbroken = live(first, spec, "unbroken", -1);
      assertThat(unbroken.end()).isEqualTo("SUCCEEDED");

      Future<?> breaking = clients.submit(() -> faults.go(seconds * 1000L));
      List<Future<Story>> stories = new ArrayList<>();
      while (!breaking.isDone()) {
        if (stories.stream().filter(story -> !story.isDone()).count() < OPEN_JOBS) {
          FaultClient client = new FaultClient(bases, random.nextLong());
          String key = "job-" + stories.size();
          int cancelAfter = random.nextInt(4) == 0 ? random.nextInt(4000) : -1;
          stories.add(clients.submit(() -> live(client, spec, key, cancelAfter)));
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
      List<Story> all = new ArrayList<>(List.of(unbroken));
      for (Future<Story> story : stories) {
        all.add(story.get());
      }
      Verdict verdict = new Verdict(observer, data, receiver);
      verdict.check(all);
      System.out.printf(
          "[chaos] %s in %d s: %d jobs ended once each, %s, on up to %d attempts; %d events, %d"
              + " bytes of downloads, %d messages to a webhook%n",
          faults.done(),
          seconds,
          all.size(),
          verdict.ends,
          verdict.attempts,
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

  private static ServiceProcess replica(
      TcpProxy line, RestartableDatabase database, Path data, Receiver receiver) {
    return new ServiceProcess(
        line.through(database.details()),
        data,
        "alphaquant.worker.devices=" + System.getProperty("alphaquant.faults.devices", "cpu"),
        "alphaquant.worker.lease=" + LEASE_MILLIS + "ms",
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

  /** What a client saw of one job, and what it downloaded: in an hour too much to keep. */
  private record Story(String id, List<JsonNode> events, long bytes, String sha256) {
    String end() {
      return events.get(events.size() - 1).at("/data/state").asString();
    }
  }

  /**
   * @param cancelAfter milliseconds; negative for never
   */
  private static Story live(FaultClient client, String spec, String key, int cancelAfter) {
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
    return new Story(id, events, file.length, sha256(file));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void cancel(FaultClient client, String id) {
    FaultClient.Answer answer = client.post("/v1/jobs/" + id + "/cancel", null, null);
    assertThat(answer.status()).as(answer.toString()).isIn(200, 202, 409);
  }

  /** Holds what the clients saw against the database and the files. */
  private static final class Verdict {
    private final Jobs jobs;
    private final JobEvents events;
    private final JdbcClient rows;
    private final Path data;
    private final Receiver receiver;
    private final Map<JobState, Integer> ends = new TreeMap<>();
    private long attempts;

    Verdict(JobDatabase database, Path data, Receiver receiver) {
      this.jobs = database.get(Jobs.class);
      this.events = database.get(JobEvents.class);
      this.rows = database.get(JdbcClient.class);
      this.data = data;
      this.receiver = receiver;
    }

    void check(List<Story> stories) throws Exception {
      assertThat(rows.sql("select cast(id as text) from job").query(String.class).list())
          .containsExactlyInAnyOrderElementsOf(stories.stream().map(Story::id).toList());
      Story unbroken = stories.get(0);
      assertThat(unbroken.bytes()).isPositive();
      for (Story story : stories) {
        Job job = jobs.find(UUID.fromString(story.id())).orElseThrow();
        ends.merge(job.state(), 1, Integer::sum);
        attempts = Math.max(attempts, job.leaseEpoch());
        assertThat(job.state().name()).isEqualTo(story.end());
        assertThat(job.state())
            .as(() -> job.error().toString())
            .isIn(JobState.SUCCEEDED, JobState.CANCELLED);
        checkEvents(job, story);
        if (job.state() == JobState.SUCCEEDED) {
          assertThat(story.bytes()).isEqualTo(unbroken.bytes());
          assertThat(story.sha256()).isEqualTo(unbroken.sha256());
          checkFiles(job);
        }
        await().pollDelay(Duration.ZERO).untilAsserted(() -> checkNothingLeft(job));
      }
      // A message whose sender was killed is due again when the sender's time for it is over.
      await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> checkMessages(stories));
    }

    /** Every end was told; twice at most under one id, by which a receiver knows it. */
    private void checkMessages(List<Story> stories) {
      Map<String, String> told = new TreeMap<>();
      for (Receiver.Message message : receiver.at(HOOK)) {
        JsonNode job = JsonMapper.shared().readTree(message.body()).get("data");
        String other =
            told.put(job.get("id").asString() + " " + job.get("state").asString(), message.id());
        assertThat(other).isIn(null, message.id());
      }
      assertThat(told.keySet())
          .containsExactlyInAnyOrderElementsOf(
              stories.stream().map(story -> story.id() + " " + story.end()).toList());
    }

    private void checkEvents(Job job, Story story) {
      List<JobEvent> stored = events.after(job.id(), 0, 100_000);
      List<Long> numbers = LongStream.rangeClosed(1, job.eventSeq()).boxed().toList();
      assertThat(stored).extracting(JobEvent::seq).containsExactlyElementsOf(numbers);
      assertThat(stored).extracting(JobEvent::attempt).isSorted();
      assertThat(stored).filteredOn(JobEvent::isTerminal).hasSize(1);
      assertThat(stored.get(stored.size() - 1).isTerminal()).isTrue();
      assertThat(story.events())
          .extracting(event -> event.get("seq").asLong())
          .containsExactlyElementsOf(numbers);
    }

    private void checkFiles(Job job) throws Exception {
      Path result = data.resolve(job.artifactDirectory().orElseThrow());
      for (JobResult.Artifact artifact : job.result().orElseThrow().artifacts()) {
        byte[] bytes = Files.readAllBytes(result.resolve(artifact.name()));
        assertThat(bytes).hasSize((int) artifact.bytes());
        assertThat(sha256(bytes)).isEqualTo(artifact.sha256());
      }
    }

    private void checkNothingLeft(Job job) throws IOException {
      Path folder = data.resolve("work").resolve(job.id().toString());
      if (job.state() == JobState.CANCELLED) {
        assertThat(folder).doesNotExist();
        return;
      }
      Path result = data.resolve(job.artifactDirectory().orElseThrow());
      try (Stream<Path> files = Files.walk(folder)) {
        assertThat(files.filter(Files::isRegularFile))
            .isNotEmpty()
            .allMatch(file -> file.startsWith(result));
      }
    }
  }
}
