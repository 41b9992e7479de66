package org.alphaquant.job.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.queue.RegisteredWorker.Slot;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.job.row.QuotaSettings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WaitingJobsTest extends OnAJobDatabase {
  private static Workers workers;
  private static WaitingJobs waiting;

  @BeforeAll
  static void findWorkers() {
    workers = database.get(Workers.class);
    waiting = database.get(WaitingJobs.class);
  }

  @BeforeEach
  void forgetWorkers() {
    sql.sql("truncate worker cascade").update();
  }

  @Test
  void withoutAWorkerEveryJobWaitsForOne() {
    Job job = create("ann", 1, 0);
    assertThat(reason(job)).isEqualTo("no-worker");

    register(WORKER, false, 100);
    assertThat(reason(job)).isEqualTo("next");

    sql.sql("update worker set seen_at = now() - interval '31 seconds'").update();
    assertThat(reason(job)).isEqualTo("no-worker");
    assertThat(workers.present()).isEmpty();

    register(WORKER, true, 100);
    assertThat(reason(job)).isEqualTo("no-worker");
    assertThat(workers.present()).extracting(RegisteredWorker::draining).containsExactly(true);
  }

  @Test
  void aJobThatNoWorkerIsLargeEnoughForSaysSo() {
    register(WORKER, false, 100, 300);
    register(UUID.randomUUID(), false, 200);

    assertThat(reason(create("ann", 3, 0))).isEqualTo("no-worker-with-enough-devices");
    assertThat(reason(create("ann", 2, 200))).isEqualTo("no-worker-with-enough-memory");
    assertThat(reason(create("ann", 2, 100))).isEqualTo("behind-2-jobs");
  }

  @Test
  void theOrderOfTheQueueIsThatOfTheClaims() {
    register(WORKER, false, 100);
    Job first = create("ann", 1, 0);
    Job second = create("ann", 1, 0);
    Job third = create("ann", 1, 0);

    assertThat(waiting.of(List.of(first, third), QuotaSettings.NONE))
        .containsEntry(first.id(), new Waiting(1, "next"))
        .containsEntry(third.id(), new Waiting(3, "behind-2-jobs"))
        .hasSize(2);
    leases.claim(WORKER, "100", "100", 30, 60).orElseThrow();
    assertThat(waiting.of(List.of(jobs.find(first.id()).orElseThrow()), QuotaSettings.NONE))
        .isEmpty();
    assertThat(reason(second)).isEqualTo("next");
  }

  @Test
  void oneJobAloneHasThePlaceThatItHasAmongAll() {
    register(WORKER, false, 100);
    List<Job> all = new ArrayList<>();
    for (int priority : new int[] {0, 2, -1, 2, 0, 1, 0}) {
      all.add(create(jobs, "m", priority));
    }
    sql.sql("update job set created_at = (select min(created_at) from job) where priority = 0")
        .update();

    Map<UUID, Waiting> together = waiting.of(all, QuotaSettings.NONE);
    assertThat(together.values()).extracting(Waiting::position).doesNotHaveDuplicates();
    for (Job job : all) {
      assertThat(waiting.of(List.of(job), QuotaSettings.NONE))
          .containsExactly(Map.entry(job.id(), together.get(job.id())));
    }
  }

  @Test
  void anOwnerAtTheLimitWaitsForTheQuota() {
    register(WORKER, false, 100);
    create("ann", 1, 0);
    leases.claim(WORKER, "100", "100", 30, 60).orElseThrow();
    Job anns = create("ann", 1, 0);
    Job bobs = create("bob", 1, 0);

    assertThat(waiting.of(List.of(anns, bobs), new QuotaSettings(0, 1)))
        .containsEntry(anns.id(), new Waiting(1, "quota"))
        .containsEntry(bobs.id(), new Waiting(2, "behind-1-jobs"));
  }

  @Test
  void aRetryTellsItsTime() {
    Job job = create("ann", 1, 0);
    sql.sql("update job set run_after = '2100-01-02T03:04:05+01'").update();

    assertThat(reason(job)).isEqualTo("retry-at-2100-01-02T02:04:05Z");
  }

  @Test
  void aWorkerThatEndsIsForgotten() {
    register(WORKER, false, 100);
    register(UUID.randomUUID(), false, 200);

    workers.remove(WORKER);

    assertThat(workers.present())
        .extracting(RegisteredWorker::slots)
        .containsExactly(List.of(new Slot("cpu", 200)));
  }

  private static void register(UUID worker, boolean draining, long... memory) {
    List<Slot> slots = Arrays.stream(memory).mapToObj(bytes -> new Slot("cpu", bytes)).toList();
    workers.beat(worker, "host", slots, draining);
  }

  private static String reason(Job job) {
    return waiting.of(List.of(job), QuotaSettings.NONE).get(job.id()).reason();
  }

  private static Job create(String owner, int devices, long memory) {
    return jobs.create(new NewJob(owner, resources(devices, memory), null)).job();
  }
}
