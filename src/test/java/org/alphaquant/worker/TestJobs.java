package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.alphaquant.database.TestDatabases;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The queue as those see it who post jobs to the workers of a test: a database for the class, empty
 * before each test.
 */
public final class TestJobs implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
  private JdbcConnectionDetails database;
  private JobDatabase client;
  private Jobs jobs;

  @Override
  public void beforeAll(ExtensionContext context) {
    database = TestDatabases.create();
    client = new JobDatabase(database);
    jobs = client.get(Jobs.class);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    client.get(JdbcClient.class).sql("truncate job cascade").update();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    client.close();
  }

  public JdbcConnectionDetails database() {
    return database;
  }

  public UUID create(String model) {
    return jobs.create(new NewJob("ann", JobSpec.of(model), null)).job().id();
  }

  public void cancel(UUID id, String reason) {
    jobs.cancel(id, reason);
  }

  public Job find(UUID id) {
    return jobs.find(id).orElseThrow();
  }

  public Map<JobState, Long> counts() {
    return jobs.counts();
  }

  public Job awaitState(UUID id, JobState state) {
    await().until(() -> find(id).state() == state);
    return find(id);
  }

  public List<String> eventTypes(Job job) {
    return events(job).stream().map(JobEvent::type).toList();
  }

  public void assertGapFree(Job job) {
    assertThat(events(job))
        .extracting(JobEvent::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, job.eventSeq()).boxed().toList());
  }

  /** Number of events of a type that all jobs have. */
  public long told(String type) {
    return client
        .get(JdbcClient.class)
        .sql("select count(*) from job_event where type = ?")
        .param(type)
        .query(Long.class)
        .single();
  }

  public List<JobEvent> events(Job job) {
    return client.get(JobEvents.class).after(job.id(), 0, 1000);
  }
}
