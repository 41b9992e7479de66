package org.alphaquant.job.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Notifications.Channel;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.JobState;
import org.alphaquant.job.WebhookRequest;
import org.alphaquant.job.queue.OnAJobDatabase;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class AnnouncementsTest extends OnAJobDatabase {

  private final List<Announcement> heard = new CopyOnWriteArrayList<>();

  @BeforeEach
  void listen() {
    database
        .get(Notifications.class)
        .add(
            new Notifications.Listener() {
              @Override
              public void notified(Channel channel, String payload) {
                heard.add(new Announcement(channel, UUID.fromString(payload)));
              }

              @Override
              public void mayHaveMissed() {}
            });
    awaitListening();
  }

  // The connection is made on a thread of its own: what is announced before it listens is not
  // heard.
  private void awaitListening() {
    String last = Channel.values()[Channel.values().length - 1].sqlName();
    await()
        .until(
            () ->
                database
                        .get(JdbcClient.class)
                        .sql(
                            """
                            select count(*) from pg_stat_activity
                            where datname = current_database() and state = 'idle' and query = ?
                            """)
                        .param("listen " + last)
                        .query(Long.class)
                        .single()
                    > 0);
  }

  @Test
  void everyoneHearsOfAJobsWay() {
    Job job = create("m", 0);
    awaitHeard(job, Channel.QUEUE, Channel.EVENT);

    Job claimed = claim();
    awaitHeard(job, Channel.EVENT);
    events.append(job.id(), claimed.leaseEpoch(), "log", "info", List.of(), null);
    awaitHeard(job, Channel.EVENT);
    jobs.cancel(job.id(), null);
    awaitHeard(job, Channel.CANCEL, Channel.EVENT);
    leases.cancelled(job.id(), claimed.leaseEpoch());
    awaitHeard(job, Channel.EVENT);
    jobs.retry(job.id());
    awaitHeard(job, Channel.QUEUE, Channel.EVENT);
  }

  @Test
  void aStateThatAWebhookAskedForWakesItsSender() {
    WebhookRequest webhook = new WebhookRequest("http://h/", List.of(JobState.RUNNING));
    JobSpec spec =
        new JobSpec(
            "m", null, null, null, null, null, null, null, null, null, null, null, webhook, null,
            null);
    Job job = jobs.create(new NewJob("ann", spec, null)).job();
    awaitHeard(job, Channel.QUEUE, Channel.EVENT);

    claim();
    awaitHeard(job, Channel.WEBHOOK, Channel.EVENT);
  }

  @Test
  void nobodyHearsOfWhatIsRolledBackAndNotBeforeTheCommit() {
    TransactionTemplate transaction =
        new TransactionTemplate(database.get(PlatformTransactionManager.class));
    assertThatThrownBy(
            () ->
                transaction.executeWithoutResult(
                    status -> {
                      create("rolled back", 0);
                      throw new IllegalStateException("undone");
                    }))
        .hasMessage("undone");

    Job kept =
        transaction.execute(
            status -> {
              Job job = create("kept", 0);
              Job other = createElsewhere();
              awaitHeard(other, Channel.QUEUE, Channel.EVENT);
              assertThat(heard).isEmpty();
              return job;
            });
    awaitHeard(kept, Channel.QUEUE, Channel.EVENT);
    assertThat(heard).isEmpty();
  }

  private static Job createElsewhere() {
    Job[] job = new Job[1];
    Thread thread = new Thread(() -> job[0] = create("elsewhere", 0));
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return job[0];
  }

  /** And nothing else was heard; forgets it. */
  private void awaitHeard(Job job, Channel... channels) {
    List<Announcement> expected =
        Arrays.stream(channels).map(channel -> new Announcement(channel, job.id())).toList();
    await().untilAsserted(() -> assertThat(heard).containsExactlyInAnyOrderElementsOf(expected));
    heard.clear();
  }
}
