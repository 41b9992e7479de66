package org.alphaquant.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

class JobsTest {
  private static final UUID WORKER = UUID.randomUUID();
  private static final String ONE_SLOT = "1000";

  private static JobDatabase database;
  private static Jobs jobs;
  private static Leases leases;
  private static JobEvents events;
  private static JdbcClient sql;

  @BeforeAll
  static void start() {
    database = new JobDatabase();
    jobs = database.get(Jobs.class);
    leases = database.get(Leases.class);
    events = database.get(JobEvents.class);
    sql = database.get(JdbcClient.class);
  }

  @AfterAll
  static void stop() {
    database.close();
  }

  @BeforeEach
  void empty() {
    sql.sql("truncate job cascade").update();
  }

  @Test
  void aStoredJobReadsBackAsItWasPosted() {
    JobSpec spec =
        StoredJson.MAPPER.readValue(
            """
            {"model": "bench/olmoe",
             "config": {"default": {"wq": "int4", "group_size": 128}, "overrides": [{"pattern": "*.self_attn.*", "skip": true}]},
             "gptq": {"damp": 0.05, "routing_weight": "score_squared"},
             "calibration": {"texts": ["a", "b"], "samples": 2, "sequence_length": 64},
             "evaluation": {"perplexity": {"path": "eval.txt"}},
             "labels": {"team": "x"}, "priority": 3}
            """,
            JobSpec.class);

    Job job = jobs.create(new NewJob("ann", spec, null)).job();
    Job read = jobs.find(job.id()).orElseThrow();

    assertThat(read.spec()).isEqualTo(spec);
    assertThat(read.state()).isEqualTo(JobState.QUEUED);
    assertThat(read.owner()).isEqualTo("ann");
    assertThat(read.priority()).isEqualTo(3);
    assertThat(read.labels()).containsEntry("team", "x");
    assertThat(read.spec().gptq().routingWeight()).isEqualTo(RoutingWeight.SCORE_SQUARED);
    assertThat(read.spec().evaluation().perplexity().window()).isEqualTo(256);
    assertThat(storedText(job, "spec ->> 'version'")).isEqualTo("1");
    assertThat(storedText(job, "spec -> 'spec' -> 'gptq' ->> 'routing_weight'"))
        .isEqualTo("score_squared");
  }

  @Test
  void aSpecOnlyNeedsItsModel() {
    JobSpec spec = StoredJson.MAPPER.readValue("{\"model\": \"m\"}", JobSpec.class);

    assertThat(spec).isEqualTo(JobSpec.of("m"));
    assertThat(spec.gptq())
        .isEqualTo(new JobSpec.Gptq(0.01, RoutingWeight.SCORE, 128, false, 128.0, true, 2));
    assertThat(spec.calibration().samples()).isEqualTo(64);
  }

  @Test
  void aValueOutsideItsLimitIsNamed() {
    assertThatThrownBy(() -> new JobSpec.Gptq(-1.0, null, null, null, null, null, null))
        .isInstanceOf(SpecException.class)
        .hasMessage("damp is -1.0 but must be from 0.0 to 1.0");
    assertThatThrownBy(() -> JobSpec.of(" "))
        .hasMessage("model is \" \" but must be a text of 1 to 512 characters");
    assertThatThrownBy(() -> new JobSpec.Gptq(Double.NaN, null, null, null, null, null, null))
        .hasMessageContaining("NaN");
  }

  @Test
  void theSameKeyAndRequestGiveTheSameJob() {
    Submission first = jobs.create(new NewJob("ann", JobSpec.of("m"), "k"));
    Submission again = jobs.create(new NewJob("ann", JobSpec.of("m"), "k"));
    Submission other = jobs.create(new NewJob("bob", JobSpec.of("m"), "k"));

    assertThat(again.replayed()).isTrue();
    assertThat(again.job().id()).isEqualTo(first.job().id());
    assertThat(other.replayed()).isFalse();
    assertThatThrownBy(() -> jobs.create(new NewJob("ann", JobSpec.of("other"), "k")))
        .isInstanceOf(IdempotencyConflict.class)
        .hasMessageContaining(first.job().id().toString());
  }

  @Test
  void fiftyRequestsAtOnceWithOneKeyMakeOneJob() throws Exception {
    List<Submission> answers =
        together(50, number -> jobs.create(new NewJob("ann", JobSpec.of("m"), "k")));

    assertThat(answers)
        .extracting(answer -> answer.job().id())
        .hasSize(50)
        .containsOnly(answers.get(0).job().id());
    assertThat(answers).filteredOn(answer -> !answer.replayed()).hasSize(1);
  }

  @Test
  void eightClaimersTakeTwoThousandJobsOnceEach() throws Exception {
    sql.sql(
            """
            insert into job (id, owner, spec, request_sha256, priority)
            select gen_random_uuid(), 'ann', '{"version":1,"spec":{"model":"m"}}', '', i % 3
            from generate_series(1, 2000) i
            """)
        .update();
    Set<UUID> claimed = ConcurrentHashMap.newKeySet();

    List<Integer> counts =
        together(
            8,
            number -> {
              int count = 0;
              while (true) {
                var job = claim(ONE_SLOT);
                if (job.isEmpty()) {
                  return count;
                }
                assertThat(claimed.add(job.get().id())).isTrue();
                count++;
              }
            });

    assertThat(counts.stream().mapToInt(Integer::intValue).sum()).isEqualTo(2000);
    assertThat(claimed).hasSize(2000);
  }

  @Test
  void higherPriorityThenAgeDecideWhoIsNext() {
    Job old = create("old", 0);
    Job urgent = create("urgent", 5);
    Job young = create("young", 0);

    assertThat(List.of(claim().id(), claim().id(), claim().id()))
        .containsExactly(urgent.id(), old.id(), young.id());
  }

  @Test
  void aClaimFitsTheFreeDevices() {
    JobSpec big = resources(2, 500L);
    jobs.create(new NewJob("ann", big, null));
    Job small = jobs.create(new NewJob("ann", resources(1, 100L), null)).job();

    assertThat(claim("99")).isEmpty();
    assertThat(claim("600").map(Job::id)).contains(small.id());
    assertThat(claim("600,499")).isEmpty();
    assertThat(claim("600,500").map(Job::devices)).contains(2);
  }

  @Test
  void aBigJobThatHasWaitedKeepsLaterOnesBack() {
    jobs.create(new NewJob("ann", resources(2, 0L), null));
    jobs.create(new NewJob("ann", resources(1, 0L), null));

    assertThat(leases.claim(WORKER, "10", "10,10", 30, 0)).isEmpty();
    assertThat(leases.claim(WORKER, "10,10", "10,10", 30, 0).map(Job::devices)).contains(2);
    assertThat(leases.claim(WORKER, "10", "10,10", 30, 0).map(Job::devices)).contains(1);
  }

  @Test
  void nothingThatAZombieWritesChangesTheRow() {
    Job first = create("m", 0);
    claim();
    expireLease(first);
    leases.reap(3, 0, 10);
    Job second = claim();
    assertThat(second.leaseEpoch()).isEqualTo(2);
    long seq = second.eventSeq();

    assertThat(leases.renew(first.id(), 1, 30)).isEmpty();
    assertThat(events.append(first.id(), 1, "log", "info", Map.of("x", 1), null)).isEmpty();
    assertThat(leases.succeed(first.id(), 1, result(), "work/a/1")).isEmpty();
    assertThat(leases.fail(first.id(), 1, error(JobError.Kind.USER), 0)).isEmpty();
    assertThat(leases.giveBack(first.id(), 1)).isEmpty();
    assertThat(leases.cancelled(first.id(), 1)).isEmpty();

    Job now = jobs.find(first.id()).orElseThrow();
    assertThat(now.state()).isEqualTo(JobState.RUNNING);
    assertThat(now.eventSeq()).isEqualTo(seq);
  }

  @Test
  void eventsHaveNoGapsWhoeverWritesThem() throws Exception {
    Job job = create("m", 0);
    claim();

    together(
        8,
        thread -> {
          for (int i = 0; i < 50; i++) {
            events.append(job.id(), 1, "log", "info", Map.of("thread", thread, "i", i), null);
          }
          return thread;
        });
    jobs.cancel(job.id(), "enough");
    leases.cancelled(job.id(), 1);

    List<JobEvent> all = events.after(job.id(), 0, 1000);
    assertThat(all)
        .extracting(JobEvent::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, 404).boxed().toList());
    assertThat(all.get(403).isTerminal()).isTrue();
    assertThat(all).filteredOn(JobEvent::isTerminal).hasSize(1);
    assertThat(jobs.find(job.id()).orElseThrow().eventSeq()).isEqualTo(404);
  }

  @Test
  void progressIsPartOfTheRowAndAnEvent() {
    Job job = create("m", 0);
    claim();
    JobProgress progress = new JobProgress("quantize", 3, 16, 0.2, 40L);

    assertThat(events.append(job.id(), 1, "progress", "info", progress, progress)).contains(3L);

    assertThat(jobs.find(job.id()).flatMap(Job::progress)).contains(progress);
    JobEvent event = events.newest(job.id(), "progress", 1).get(0);
    assertThat(event.attempt()).isEqualTo(1);
    assertThat(event.data().get("estimated_remaining_seconds").asLong()).isEqualTo(40);
  }

  @Test
  void cancelOfAQueuedJobEndsItAtOnce() {
    Job job = create("m", 0);

    Job cancelled = jobs.cancel(job.id(), "no need").orElseThrow();

    assertThat(cancelled.state()).isEqualTo(JobState.CANCELLED);
    assertThat(cancelled.finishedAt()).isPresent();
    assertThat(claim(ONE_SLOT)).isEmpty();
    assertThat(jobs.cancel(job.id(), "again")).isEmpty();
  }

  @Test
  void cancelOfARunningJobIsAnsweredByTheNextRenewal() {
    Job job = create("m", 0);
    claim();
    assertThat(leases.renew(job.id(), 1, 30)).contains(false);

    Job asked = jobs.cancel(job.id(), "stop").orElseThrow();
    assertThat(asked.state()).isEqualTo(JobState.RUNNING);
    assertThat(jobs.cancel(job.id(), "other").flatMap(Job::cancelReason)).contains("stop");
    assertThat(leases.renew(job.id(), 1, 30)).contains(true);
    assertThat(leases.cancelled(job.id(), 1).map(Job::state)).contains(JobState.CANCELLED);
  }

  @Test
  void cancelWinsOverRetryAndGiveBack() {
    Job failing = create("m", 1);
    claim();
    jobs.cancel(failing.id(), "stop");
    Job drained = create("m", 0);
    claim();
    jobs.cancel(drained.id(), "stop");

    assertThat(leases.fail(failing.id(), 1, error(JobError.Kind.TRANSIENT), 0).map(Job::state))
        .contains(JobState.CANCELLED);
    assertThat(leases.giveBack(drained.id(), 1).map(Job::state)).contains(JobState.CANCELLED);
  }

  @ParameterizedTest
  @EnumSource(JobError.Kind.class)
  void eachClassOfFailureHasItsBudget(JobError.Kind kind) {
    Job job = create("m", 0);
    List<JobState> states = new ArrayList<>();
    do {
      long epoch = claim().leaseEpoch();
      states.add(leases.fail(job.id(), epoch, error(kind), 0).orElseThrow().state());
    } while (states.get(states.size() - 1) == JobState.QUEUED);

    assertThat(states).hasSize(kind.retries() + 1).endsWith(JobState.FAILED);
    Job failed = jobs.find(job.id()).orElseThrow();
    assertThat(failed.error()).contains(error(kind));
    assertThat(failed.failures(kind)).isEqualTo(kind.retries() + 1);
  }

  @Test
  void budgetsAreSeparate() {
    Job job = create("m", 0);
    leases.fail(job.id(), claim().leaseEpoch(), error(JobError.Kind.TRANSIENT), 0);
    leases.giveBack(job.id(), claim().leaseEpoch());
    claim();
    expireLease(job);
    leases.reap(3, 0, 10);
    leases.fail(job.id(), claim().leaseEpoch(), error(JobError.Kind.RESOURCE), 0);

    Job queued = jobs.find(job.id()).orElseThrow();
    assertThat(queued.state()).isEqualTo(JobState.QUEUED);
    assertThat(queued.failures()).isEqualTo(2);
    assertThat(queued.giveBacks()).isEqualTo(1);
    assertThat(queued.lostLeases()).isEqualTo(1);
    assertThat(queued.leaseEpoch()).isEqualTo(4);
  }

  @Test
  void aRetryWaitsAtMostItsBackoff() {
    Job job = create("m", 0);
    claim();
    Job queued = leases.fail(job.id(), 1, error(JobError.Kind.TRANSIENT), 1000).orElseThrow();

    assertThat(Duration.between(job.createdAt(), queued.runAfter()))
        .isLessThan(Duration.ofSeconds(905));
    assertThat(queued.runAfter()).isAfterOrEqualTo(job.createdAt());
  }

  @Test
  void aJobThatLosesThreeWorkersFails() {
    Job job = create("m", 0);
    List<JobState> states = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      claim();
      assertThat(leases.reap(3, 0, 10)).isEmpty();
      expireLease(job);
      states.add(leases.reap(3, 0, 10).get(0).state());
    }

    assertThat(states).containsExactly(JobState.QUEUED, JobState.QUEUED, JobState.FAILED);
    assertThat(jobs.find(job.id()).flatMap(Job::error).map(JobError::code)).contains("worker-lost");
  }

  @Test
  void aFailedJobCanBeQueuedAgainWithNewBudgets() {
    Job job = create("m", 0);
    leases.fail(job.id(), claim().leaseEpoch(), error(JobError.Kind.USER), 0);

    Job again = jobs.retry(job.id()).orElseThrow();

    assertThat(again.state()).isEqualTo(JobState.QUEUED);
    assertThat(again.failures()).isZero();
    assertThat(again.error()).isEmpty();
    assertThat(claim().leaseEpoch()).isEqualTo(2);
    assertThat(jobs.retry(job.id())).isEmpty();
  }

  @Test
  void aFinishedJobStaysAsItIs() {
    Job job = create("m", 0);
    claim();
    Job done = leases.succeed(job.id(), 1, result(), "work/x/1/result").orElseThrow();

    assertThat(done.result()).contains(result());
    assertThat(done.artifactDirectory()).contains("work/x/1/result");
    assertThat(jobs.cancel(job.id(), "late")).isEmpty();
    assertThat(jobs.retry(job.id())).isEmpty();
    assertThatThrownBy(
            () ->
                sql.sql(
                        "update job set state = 'QUEUED', finished_at = null, artifact_directory = null")
                    .update())
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("cannot go from SUCCEEDED to QUEUED");
  }

  @Test
  void theDatabaseAllowsExactlyTheMovesOfTheEnum() {
    String source =
        sql.sql("select prosrc from pg_proc where proname = 'job_state_event'")
            .query(String.class)
            .single();
    for (JobState from : JobState.values()) {
      for (JobState to : JobState.values()) {
        assertThat(source.contains("('%s', '%s')".formatted(from, to)))
            .as("%s to %s", from, to)
            .isEqualTo(from.moves().contains(to));
      }
    }
  }

  @Test
  void listsGoPageByPageWithoutGapOrRepeat() {
    for (int i = 0; i < 25; i++) {
      create("m" + i, 0);
    }
    jobs.create(new NewJob("bob", JobSpec.of("b"), null));
    JobFilter mine = new JobFilter("ann", Set.of(), Map.of());

    List<UUID> seen = new ArrayList<>();
    JobFilter.Position after = null;
    List<Job> page;
    do {
      page = jobs.list(mine, after, 10);
      page.forEach(job -> seen.add(job.id()));
      if (!page.isEmpty()) {
        Job last = page.get(page.size() - 1);
        after = new JobFilter.Position(last.createdAt(), last.id());
      }
    } while (!page.isEmpty());

    assertThat(seen).hasSize(25).doesNotHaveDuplicates();
  }

  @Test
  void listsFilterByStateAndLabels() {
    Map<String, String> labels = new HashMap<>(Map.of("team", "x", "stage", "1"));
    JobSpec labelled =
        new JobSpec("m", null, null, null, null, null, null, null, null, labels, null);
    Job found = jobs.create(new NewJob("ann", labelled, null)).job();
    create("other", 9);
    claim();

    assertThat(jobs.list(new JobFilter(null, Set.of(), Map.of("team", "x")), null, 10))
        .extracting(Job::id)
        .containsExactly(found.id());
    assertThat(jobs.list(new JobFilter(null, Set.of(JobState.RUNNING), Map.of()), null, 10))
        .hasSize(1);
    assertThat(jobs.counts())
        .containsEntry(JobState.RUNNING, 1L)
        .containsEntry(JobState.QUEUED, 1L)
        .containsEntry(JobState.FAILED, 0L);
  }

  private static Job create(String model, int priority) {
    JobSpec spec =
        new JobSpec(model, null, null, null, null, null, null, null, priority, null, null);
    return jobs.create(new NewJob("ann", spec, null)).job();
  }

  private static JobSpec resources(int devices, long memory) {
    return new JobSpec(
        "m",
        null,
        null,
        null,
        null,
        null,
        null,
        new JobSpec.Resources(devices, memory),
        null,
        null,
        null);
  }

  private static Job claim() {
    return claim(ONE_SLOT).orElseThrow();
  }

  private static java.util.Optional<Job> claim(String free) {
    return leases.claim(WORKER, free, free, 30, 60);
  }

  private static void expireLease(Job job) {
    sql.sql("update job set lease_expires_at = now() - interval '1 second' where id = :id")
        .param("id", job.id())
        .update();
  }

  private static JobResult result() {
    return new JobResult(
        new JobResult.Measure(5.65, 5.69),
        4.25,
        new JobResult.Size(100, 30),
        List.of(new JobResult.Artifact("config.json", 10, "00")));
  }

  private static JobError error(JobError.Kind kind) {
    return new JobError("broken", kind, "it broke", null);
  }

  private static String storedText(Job job, String expression) {
    return sql.sql("select " + expression + " from job where id = :id")
        .param("id", job.id())
        .query(String.class)
        .single();
  }

  private static <T> List<T> together(int threads, ThrowingFunction<T> work) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<T>> tasks =
          IntStream.range(0, threads).<Callable<T>>mapToObj(i -> () -> work.apply(i)).toList();
      List<T> results = new ArrayList<>();
      for (Future<T> future : pool.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } finally {
      pool.shutdown();
    }
  }

  private interface ThrowingFunction<T> {
    T apply(int number) throws Exception;
  }
}
