package org.alphaquant.background;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.queue.JobDatabase;
import org.alphaquant.job.row.Jobs;
import org.alphaquant.job.row.NewJob;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class NotificationsTest {
  private final AtomicInteger heard = new AtomicInteger();
  private final AtomicInteger connected = new AtomicInteger();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private JobDatabase database;
  private Notifications notifications;
  private JdbcClient sql;

  @BeforeEach
  void start() {
    database = new JobDatabase();
    notifications = database.get(Notifications.class);
    sql = database.get(JdbcClient.class);
    await().untilAsserted(() -> assertThat(listeners()).isEqualTo(1));
  }

  @AfterEach
  void stop() {
    database.close();
  }

  @Test
  void noListenersMistakeEndsTheListening() {
    notifications.add(
        new Notifications.Listener() {
          @Override
          public void notified(Notifications.Channel channel, String payload) {
            throw new IllegalStateException("a mistake");
          }

          @Override
          public void mayHaveMissed() {
            throw new IllegalStateException("another mistake");
          }
        });
    notifications.add(counting());

    cutTheConnection();
    await().untilAsserted(() -> assertThat(connected).hasPositiveValue());
    database.get(Jobs.class).create(new NewJob("ann", JobSpec.of("m"), null));
    await().untilAsserted(() -> assertThat(heard).hasPositiveValue());
  }

  @Test
  void oneThatIsStoppedAndStartedAtOnceListensOnce() {
    long before = threads();
    for (int i = 0; i < 3; i++) {
      notifications.stop();
      notifications.start();
    }

    notifications.add(counting());
    await().untilAsserted(() -> assertThat(threads()).isEqualTo(before));
    // Until the one that is left listens.
    await()
        .until(
            () -> {
              created();
              return !told.isEmpty();
            });

    String job = created();
    String next = created();
    await().until(() -> isHeard(next));
    // A job that is created is told as queued and as an event, once each.
    assertThat(told).filteredOn(job::equals).hasSize(2);
  }

  private String created() {
    return database
        .get(Jobs.class)
        .create(new NewJob("ann", JobSpec.of("m"), null))
        .job()
        .id()
        .toString();
  }

  private boolean isHeard(String job) {
    return told.stream().filter(job::equals).count() > 1;
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("job-notifications"))
        .count();
  }

  private Notifications.Listener counting() {
    return new Notifications.Listener() {
      @Override
      public void notified(Notifications.Channel channel, String payload) {
        heard.incrementAndGet();
        told.add(payload);
      }

      @Override
      public void mayHaveMissed() {
        connected.incrementAndGet();
      }
    };
  }

  private long listeners() {
    return sql.sql(
            "select count(*) from pg_stat_activity where application_name = ? and datname = current_database()")
        .param("alphaquant-notifications")
        .query(Long.class)
        .single();
  }

  private void cutTheConnection() {
    sql.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = ? and datname = current_database()")
        .param("alphaquant-notifications")
        .query(Boolean.class)
        .list();
  }
}
