package org.alphaquant.job.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.ActOrder;
import org.alphaquant.job.Damp;
import org.alphaquant.job.GptqRequest;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.RoutingWeight;
import org.alphaquant.job.ScaleSearch;
import org.alphaquant.job.Shrinkage;
import org.alphaquant.job.SpecException;
import org.alphaquant.job.queue.OnAJobDatabase;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class JobsTest extends OnAJobDatabase {
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
    assertThat(storedText(job, "spec -> 'spec' -> 'gptq' ->> 'routing_weight'")).isEqualTo("2.0");
  }

  @Test
  void aSpecOnlyNeedsItsModel() {
    JobSpec spec = StoredJson.MAPPER.readValue("{\"model\": \"m\"}", JobSpec.class);

    assertThat(spec).isEqualTo(JobSpec.of("m"));
    assertThat(spec.gptq())
        .isEqualTo(
            new GptqRequest(
                Damp.AUTO,
                RoutingWeight.SCORE,
                128,
                ActOrder.AUTO,
                Shrinkage.AUTO,
                ScaleSearch.MSE,
                2,
                true,
                null,
                false));
    assertThat(spec.calibration().samples()).isEqualTo(128);
  }

  @Test
  void aValueOutsideItsLimitIsNamed() {
    assertThatThrownBy(
            () ->
                new GptqRequest(
                    new Damp(-1.0), null, null, null, null, null, null, null, null, null))
        .isInstanceOf(SpecException.class)
        .hasMessage("damp is -1.0 but must be above 0.0 and at most 1.0");
    assertThatThrownBy(() -> JobSpec.of(" "))
        .hasMessage("model is \" \" but must be a text of 1 to 512 characters");
    assertThatThrownBy(
            () ->
                new GptqRequest(
                    new Damp(Double.NaN), null, null, null, null, null, null, null, null, null))
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
    createTogether("k");
    FaultReport.survived("F9", "50 requests at once with one key made one job");
  }

  @Tag("faults")
  @RepeatedTest(100)
  void fiftyRequestsAtOnceWithOneKeyMakeOneJobEveryTime(RepetitionInfo repetition)
      throws Exception {
    createTogether("k" + repetition.getCurrentRepetition());
  }

  private static void createTogether(String key) throws Exception {
    List<Submission> answers =
        together(50, number -> jobs.create(new NewJob("ann", JobSpec.of("m"), key)));

    assertThat(answers)
        .extracting(answer -> answer.job().id())
        .hasSize(50)
        .containsOnly(answers.get(0).job().id());
    assertThat(answers).filteredOn(answer -> !answer.replayed()).hasSize(1);
  }

  @Test
  void eightClaimersTakeTwoThousandJobsOnceEachAndInOrder() throws Exception {
    sql.sql(
            """
            insert into job (id, owner, spec, request_sha256, priority)
            select gen_random_uuid(), 'ann', '{"version":1,"spec":{"model":"m"}}', '',
                   floor(random() * 10)
            from generate_series(1, 2000) i
            """)
        .update();
    List<Claim> claims = together(8, number -> claimAll()).stream().flatMap(List::stream).toList();

    assertThat(claims).extracting(claim -> claim.job().id()).hasSize(2000).doesNotHaveDuplicates();
    assertInOrder(claims);
    FaultReport.survived("F6", "eight claimers took 2000 jobs, each once and in their order");
  }

  private record Claim(Job job, long begun, long ended) {}

  private static List<Claim> claimAll() {
    List<Claim> claims = new ArrayList<>();
    while (true) {
      long begun = System.nanoTime();
      Optional<Job> job = claim(ONE_SLOT);
      if (job.isEmpty()) {
        return claims;
      }
      claims.add(new Claim(job.get(), begun, System.nanoTime()));
    }
  }

  // Whoever takes a job finds every one before it taken, or in the hands of a claim under way.
  private static void assertInOrder(List<Claim> claims) {
    long firstEndBehind = Long.MAX_VALUE;
    List<Claim> backwards =
        claims.stream()
            .sorted(
                Comparator.comparingInt((Claim claim) -> claim.job().priority())
                    .thenComparing(claim -> claim.job().createdAt(), Comparator.reverseOrder())
                    .thenComparing(claim -> claim.job().id().toString(), Comparator.reverseOrder()))
            .toList();
    for (Claim claim : backwards) {
      assertThat(claim.begun()).isLessThan(firstEndBehind);
      firstEndBehind = Math.min(firstEndBehind, claim.ended());
    }
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

    assertThat(
            events.append(job.id(), 1, "progress", "info", progress, progress).map(JobEvent::seq))
        .contains(3L);

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
        new JobSpec(
            "m", null, null, null, null, null, null, null, null, null, labels, null, null, null,
            null);
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
