package org.alphaquant.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.alphaquant.job.delivery.WebhookDeliveries;
import org.alphaquant.job.delivery.WebhookDelivery;
import org.alphaquant.job.delivery.WebhookDelivery.Outcome;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Retention;
import org.alphaquant.job.row.RetentionSettings;
import org.alphaquant.server.ServerSettings;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** What the sweep does to messages, where nobody sends any. */
class DeliveryRetentionTest {
  @RegisterExtension private static final JobDatabase database = new JobDatabase();

  private static final WebhookDeliveries rows = database.get(WebhookDeliveries.class);
  private static final JdbcClient sql = database.get(JdbcClient.class);

  @TempDir Path data;

  private RetentionSweep sweep;

  @BeforeEach
  void empty() {
    sql.sql("truncate webhook_delivery").update();
    Duration day = Duration.ofDays(1);
    sweep =
        new RetentionSweep(
            database.get(Retention.class),
            rows,
            new AttemptFolders(new ServerSettings(data, ServerSettings.Role.WORKER, true)),
            TransactionOperations.withoutTransaction(),
            new RetentionSettings(day, day, day));
  }

  @Test
  void aMessageThatNobodySendsForThreeDaysIsGivenUp() throws IOException {
    UUID job = due("73 hours");
    sweep.sweep();
    WebhookDelivery delivery = only(job);
    assertThat(delivery.outcome()).contains(Outcome.GIVEN_UP);
    assertThat(delivery.lastError()).contains("was due for 3 days, and no process sent it");
    assertThat(delivery.finishedAt()).isPresent();
    assertThat(delivery.attempts()).isZero();
    assertThat(rows.claim(10, 10, List.of(), 60)).isEmpty();
  }

  @Test
  void aMessageThatIsDueForLessIsKept() throws IOException {
    UUID job = due("71 hours");
    sweep.sweep();
    assertThat(only(job).outcome()).isEmpty();
    assertThat(rows.claim(10, 10, List.of(), 60)).hasSize(1);
  }

  @Test
  void anOldMessageThatIsStillTriedIsKept() throws IOException {
    UUID job = due("-1 hour");
    sweep.sweep();
    assertThat(only(job).outcome()).isEmpty();
  }

  @Test
  void moreThanASweepTakesAtOnceAreGivenUpToo() throws IOException {
    for (int i = 0; i < 201; i++) {
      due("4 days");
    }
    sweep.sweep();
    assertThat(count("outcome = 'GIVEN_UP'")).isEqualTo(201);
  }

  @Test
  void aMessageIsForgottenAMonthAfterItsEnd() throws IOException {
    UUID old = ended("31 days");
    UUID young = ended("29 days");
    UUID overdue = due("40 days");
    sweep.sweep();
    assertThat(rows.of(old, 10)).isEmpty();
    assertThat(only(young).outcome()).contains(Outcome.DELIVERED);
    // Its month begins when it is given up.
    assertThat(only(overdue).outcome()).contains(Outcome.GIVEN_UP);
  }

  private static UUID due(String since) {
    UUID job = UUID.randomUUID();
    sql.sql(
            """
            insert into webhook_delivery (job_id, seq, event, url, body, created_at, next_attempt_at)
            values (?, 1, 'FAILED', 'https://a.test/x', '{}', now() - interval '40 days',
              now() - cast(? as interval))
            """)
        .params(job, since)
        .update();
    return job;
  }

  private static UUID ended(String since) {
    UUID job = due("1 hour");
    WebhookDelivery begun = rows.claim(1, 1, List.of(), 60).get(0);
    rows.finish(begun, Outcome.DELIVERED, 204, null).orElseThrow();
    sql.sql("update webhook_delivery set finished_at = now() - cast(? as interval) where id = ?")
        .params(since, begun.id())
        .update();
    return job;
  }

  private static WebhookDelivery only(UUID job) {
    return rows.of(job, 10).get(0);
  }

  private static int count(String condition) {
    return sql.sql("select count(*) from webhook_delivery where " + condition)
        .query(Integer.class)
        .single();
  }
}
