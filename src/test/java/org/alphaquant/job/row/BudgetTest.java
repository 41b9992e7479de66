package org.alphaquant.job.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.OnAJobDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.DataAccessException;

/** How often a job is tried again, and what ends it for good. */
class BudgetTest extends OnAJobDatabase {
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
}
