package org.alphaquant.job.queue;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.ResourcesRequest;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.alphaquant.measure.PerplexityChange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What tests of the job's statements have in common: an empty database and the usual steps. */
public abstract class OnAJobDatabase {
  protected static final UUID WORKER = UUID.randomUUID();
  protected static final String ONE_SLOT = "1000";

  protected static JobDatabase database;
  protected static Jobs jobs;
  protected static Leases leases;
  protected static JobEvents events;
  protected static JdbcClient sql;

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

  protected static Job create(String model, int priority) {
    return create(jobs, model, priority);
  }

  protected static Job create(Jobs jobs, String model, int priority) {
    JobSpec spec =
        new JobSpec(
            model, null, null, null, null, null, null, null, null, priority, null, null, null, null,
            null);
    return jobs.create(new NewJob("ann", spec, null)).job();
  }

  protected static JobSpec resources(int devices, long memory) {
    return new JobSpec(
        "m",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        new ResourcesRequest(devices, memory),
        null,
        null,
        null,
        null,
        null,
        null);
  }

  protected static Job claim() {
    return claim(ONE_SLOT).orElseThrow();
  }

  protected static Optional<Job> claim(String free) {
    return leases.claim(WORKER, free, free, 30, 60);
  }

  protected static void expireLease(Job job) {
    sql.sql("update job set lease_expires_at = now() - interval '1 second' where id = :id")
        .param("id", job.id())
        .update();
  }

  protected static JobResult result() {
    return new JobResult(
        new PerplexityChange(5.65, 5.69, null, null, null, null, null),
        null,
        null,
        4.25,
        new JobResult.Size(100, 30),
        List.of(new JobResult.Artifact("config.json", 10, "00")));
  }

  protected static JobError error(JobError.Kind kind) {
    return new JobError("broken", kind, "it broke", null);
  }
}
