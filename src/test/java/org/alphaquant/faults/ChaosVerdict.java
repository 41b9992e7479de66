package org.alphaquant.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.server.ServerSettings;
import org.alphaquant.webhook.Receiver;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Holds what the clients saw against the database and the files. */
final class ChaosVerdict {
  private final Jobs jobs;
  private final JobEvents events;
  private final JdbcClient rows;
  private final Path data;
  private final Receiver receiver;
  private final Map<JobState, Integer> ends = new TreeMap<>();
  private long attempts;

  ChaosVerdict(JobDatabase database, Path data, Receiver receiver) {
    this.jobs = database.get(Jobs.class);
    this.events = database.get(JobEvents.class);
    this.rows = database.get(JdbcClient.class);
    this.data = data;
    this.receiver = receiver;
  }

  void check(List<ChaosStory> stories) throws Exception {
    assertThat(rows.sql("select cast(id as text) from job").query(String.class).list())
        .containsExactlyInAnyOrderElementsOf(stories.stream().map(ChaosStory::id).toList());
    ChaosStory unbroken = stories.get(0);
    assertThat(unbroken.bytes()).isPositive();
    for (ChaosStory story : stories) {
      Job job = jobs.find(UUID.fromString(story.id())).orElseThrow();
      ends.merge(job.state(), 1, Integer::sum);
      attempts = Math.max(attempts, job.leaseEpoch());
      assertThat(job.state().name()).isEqualTo(story.end());
      if (job.state() == JobState.FAILED) {
        checkBomb(job);
      }
      checkEvents(job, story);
      if (job.state() == JobState.SUCCEEDED) {
        assertThat(story.bytes()).isEqualTo(unbroken.bytes());
        assertThat(story.sha256()).isEqualTo(unbroken.sha256());
        checkFiles(job);
      }
      if (job.state() != JobState.FAILED) {
        await()
            .pollDelay(Duration.ZERO)
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(() -> checkNothingLeft(job));
      }
    }
    // A message whose sender was killed is due again when the sender's time for it is over.
    await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> checkMessages(stories));
  }

  /** Only a job that fills its runner's memory may fail, and by that alone. */
  private static void checkBomb(Job job) {
    assertThat(job.spec().model()).as(() -> job.error().toString()).isEqualTo(ChaosTest.BOMB);
    assertThat(job.error()).get().extracting(JobError::code).isEqualTo("runner-memory");
    assertThat(job.error()).get().extracting(JobError::kind).isEqualTo(JobError.Kind.USER);
  }

  /** Every end was told; twice at most under one id, by which a receiver knows it. */
  private void checkMessages(List<ChaosStory> stories) {
    Map<String, String> told = new TreeMap<>();
    for (Receiver.Message message : receiver.at(ChaosTest.HOOK)) {
      JsonNode job = JsonMapper.shared().readTree(message.body()).get("data");
      String other =
          told.put(job.get("id").asString() + " " + job.get("state").asString(), message.id());
      assertThat(other).isIn(null, message.id());
    }
    assertThat(told.keySet())
        .containsExactlyInAnyOrderElementsOf(
            stories.stream().map(story -> story.id() + " " + story.end()).toList());
  }

  private void checkEvents(Job job, ChaosStory story) {
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
      assertThat(ChaosStory.sha256(bytes)).isEqualTo(artifact.sha256());
    }
  }

  /** A result and what runners printed stay, and no folder without a file. */
  private void checkNothingLeft(Job job) throws IOException {
    Path folder = data.resolve("work").resolve(job.id().toString());
    if (job.state() == JobState.CANCELLED && Files.notExists(folder)) {
      return;
    }
    Optional<Path> result = job.artifactDirectory().map(data::resolve);
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile))
          .isNotEmpty()
          .allMatch(file -> result.filter(file::startsWith).isPresent() || isLog(file));
    }
  }

  // What a runner printed stays for GET /v1/jobs/{id}/log.
  private static boolean isLog(Path file) {
    return file.endsWith(ServerSettings.RUNNER_LOG);
  }

  /**
   * After the last job no process is left that nobody waited for, and nothing dumped its memory.
   */
  void checkProcesses(List<ServiceProcess> replicas) throws IOException {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(zombies(replicas)).isEmpty());
    try (Stream<Path> files = Files.walk(data)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.equals("core") || name.startsWith("core."));
    }
  }

  private static List<Long> zombies(List<ServiceProcess> replicas) {
    Stream<ProcessHandle> children =
        Stream.concat(
            ProcessHandle.current().children(),
            replicas.stream().flatMap(ServiceProcess::children));
    return children.map(ProcessHandle::pid).filter(ChaosVerdict::isZombie).toList();
  }

  private static boolean isZombie(long pid) {
    try {
      String status = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return status.substring(status.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException ended) {
      return false;
    }
  }

  Map<JobState, Integer> ends() {
    return ends;
  }

  long attempts() {
    return attempts;
  }
}
