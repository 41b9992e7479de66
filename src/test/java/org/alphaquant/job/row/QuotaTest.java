package org.alphaquant.job.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.faults.FaultReport;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.queue.Leases;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.simple.JdbcClient;

class QuotaTest {
  private static final QuotaSettings THREE = new QuotaSettings(3, 3);

  private static final JobResult RESULT = new JobResult(null, null, List.of());

  @RegisterExtension private static final JobDatabase database = new JobDatabase();

  private static final Jobs jobs = database.get(Jobs.class);
  private static final Leases leases = database.get(Leases.class);

  @BeforeEach
  void empty() {
    database.get(JdbcClient.class).sql("truncate job cascade").update();
  }

  @Test
  void aFullQueueOfOneOwnerIsNobodyElsesMatter() {
    create("ann", 3);

    assertThatThrownBy(() -> jobs.create(new NewJob("ann", JobSpec.of("m"), null), THREE))
        .isInstanceOfSatisfying(
            QuotaExceededException.class,
            full -> {
              assertThat(full.limit()).isEqualTo(3);
              assertThat(full.current()).isEqualTo(3);
            })
        .hasMessageContaining("ann has 3 jobs in the queue, and the limit is 3");
    assertThat(jobs.create(new NewJob("bob", JobSpec.of("m"), null), THREE).replayed()).isFalse();
  }

  @Test
  void aRequestThatIsRepeatedIsAnsweredAlsoWhenTheQueueIsFull() {
    Job first = jobs.create(new NewJob("ann", JobSpec.of("m"), "k"), THREE).job();
    create("ann", 2);

    Submission again = jobs.create(new NewJob("ann", JobSpec.of("m"), "k"), THREE);

    assertThat(again.replayed()).isTrue();
    assertThat(again.job().id()).isEqualTo(first.id());
  }

  @Test
  void aJobThatStartedMakesRoom() {
    create("ann", 3);
    claim().orElseThrow();

    assertThat(jobs.create(new NewJob("ann", JobSpec.of("m"), null), THREE).replayed()).isFalse();
  }

  @Test
  void createsAtTheSameTimeDoNotSlipPastTheLimit() throws Exception {
    List<Boolean> stored =
        together(
            20,
            () -> {
              try {
                jobs.create(new NewJob("ann", JobSpec.of("m"), null), THREE);
                return true;
              } catch (QuotaExceededException full) {
                return false;
              }
            });

    assertThat(stored).filteredOn(it -> it).hasSize(3);
    assertThat(jobs.activeCounts()).containsEntry(JobState.QUEUED, 3L);
  }

  @Test
  void claimsAtTheSameTimeDoNotSlipPastTheLimit() throws Exception {
    for (int i = 0; i < 10; i++) {
      jobs.create(new NewJob("ann", JobSpec.of("m"), null));
    }
    jobs.create(new NewJob("bob", JobSpec.of("m"), null));

    List<Optional<Job>> claimed = together(16, QuotaTest::claim);

    assertThat(claimed.stream().flatMap(Optional::stream).map(Job::owner))
        .containsExactlyInAnyOrder("ann", "ann", "ann", "bob");
  }

  @Test
  void eightClaimersKeepTheQuotasOfThreeHundredMixedJobs() throws Exception {
    drain(300);
  }

  @Tag("faults")
  @Test
  void eightClaimersKeepTheQuotasOfTwoThousandMixedJobs() throws Exception {
    drain(2000);
  }

  // Every claimer ends a job before it takes the next; half of them have two devices, half one.
  private void drain(int count) throws Exception {
    JdbcClient sql = database.get(JdbcClient.class);
    sql.sql(
            """
            insert into job (id, owner, spec, request_sha256, priority, devices)
            select gen_random_uuid(), 'owner-' || i % 2, '{"version":1,"spec":{"model":"m"}}', '',
                   floor(random() * 10), 1 + i % 3 / 2
            from generate_series(1, :count) i
            """)
        .param("count", count)
        .update();
    Set<UUID> claimed = ConcurrentHashMap.newKeySet();
    AtomicInteger claimers = new AtomicInteger();
    together(8, () -> drainAs(claimers.getAndIncrement() % 2 == 0 ? "10,10" : "10", claimed));

    assertThat(claimed).hasSize(count);
    assertThat(jobs.counts().get(JobState.SUCCEEDED)).isEqualTo(count);
    FaultReport.survived(
        "F6", "eight claimers took %d jobs, each once, in no quota's or device's excess", count);
  }

  private static int drainAs(String devices, Set<UUID> claimed) {
    int slots = devices.split(",").length;
    int ended = 0;
    while (jobs.counts().get(JobState.QUEUED) > 0) {
      Optional<Job> job = leases.claim(UUID.randomUUID(), devices, devices, 600, 60, THREE);
      if (job.isPresent()) {
        assertThat(claimed.add(job.get().id())).as("claimed once").isTrue();
        assertThat(job.get().devices()).isLessThanOrEqualTo(slots);
        assertThat(running(job.get().owner())).isBetween(1, 3);
        leases.succeed(job.get().id(), 1, RESULT, "work").orElseThrow();
        ended++;
      }
    }
    return ended;
  }

  private static int running(String owner) {
    return database
        .get(JdbcClient.class)
        .sql("select count(*) from job where state = 'RUNNING' and owner = ?")
        .param(owner)
        .query(Integer.class)
        .single();
  }

  @Test
  void negativeLimitsAreRefused() {
    assertThatThrownBy(() -> new QuotaSettings(-1, 0))
        .hasMessage("alphaquant.quota.queued is -1 but must be 0 (no limit) or more");
  }

  private static void create(String owner, int count) {
    for (int i = 0; i < count; i++) {
      jobs.create(new NewJob(owner, JobSpec.of("m"), null), THREE);
    }
  }

  private static Optional<Job> claim() {
    return leases.claim(UUID.randomUUID(), "10", "10", 30, 60, THREE);
  }

  private static <T> List<T> together(int count, Callable<T> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(Collections.nCopies(count, work))) {
        results.add(result.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
