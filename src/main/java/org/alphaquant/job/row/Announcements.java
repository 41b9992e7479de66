package org.alphaquant.job.row;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.alphaquant.background.DatabaseAway;
import org.alphaquant.background.Rounds;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Notifies all processes of changes through the database, in batches. Notifications have
 * transactions of their own, because PostgreSQL lets notifying transactions commit only one after
 * another, each waiting for the disk (PreCommit_Notify in async.c); one that only notifies does not
 * wait for the disk. Every process also polls the rows, so a lost notification only causes a delay.
 */
final class Announcements implements SmartLifecycle, JobListener {
  private static final Logger log = LoggerFactory.getLogger(Announcements.class);
  private static final int MAX_PENDING = 10_000;
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(2);

  private final JdbcClient sql;
  private final Set<Announcement> pending = new LinkedHashSet<>();
  private final Rounds rounds;

  Announcements(JdbcClient sql) {
    this.sql = sql;
    this.rounds = new Rounds("job-announcements", RETRY_DELAY, this::round);
  }

  @Override
  public void start() {
    rounds.start();
  }

  @Override
  public void created(Job job) {
    add(Announcement.of(job));
  }

  @Override
  public void claimed(Job job) {
    add(Announcement.of(job));
  }

  @Override
  public void changed(Job job) {
    add(Announcement.of(job));
  }

  @Override
  public void appended(JobEvent event) {
    add(List.of(Announcement.of(event)));
  }

  /** Never blocks; pending duplicates are merged. */
  void add(Collection<Announcement> announcements) {
    synchronized (this) {
      if (pending.size() < MAX_PENDING) {
        pending.addAll(announcements);
      }
    }
    rounds.wake();
  }

  private Duration round() {
    flush();
    return IDLE;
  }

  /** Keeps what cannot be sent for the next round. */
  private void flush() {
    Set<Announcement> batch = take();
    if (batch.isEmpty()) {
      return;
    }
    try {
      send(batch);
    } catch (RuntimeException e) {
      keep(batch);
      throw e;
    }
  }

  private synchronized Set<Announcement> take() {
    Set<Announcement> batch = Set.copyOf(pending);
    pending.clear();
    return batch;
  }

  private synchronized void keep(Set<Announcement> batch) {
    pending.addAll(batch);
  }

  private void send(Set<Announcement> batch) {
    sql.sql(
            """
            select cast(pg_notify(channel, job) as text)
            from unnest(:channels, :jobs) announcement (channel, job)
            """)
        .param("channels", texts(batch, it -> it.channel().sqlName()))
        .param("jobs", texts(batch, it -> it.job().toString()))
        .query(String.class)
        .list();
  }

  private static String[] texts(Set<Announcement> batch, Function<Announcement, String> text) {
    return batch.stream().map(text).toArray(String[]::new);
  }

  /** Stops after the workers, so that the jobs they return are announced at once. */
  @Override
  public void stop() {
    rounds.stop();
    Thread last = new Thread(this::flushQuietly, "job-announcements-flush");
    last.setDaemon(true);
    try {
      rounds.join(FLUSH_TIMEOUT);
      last.start();
      last.join(FLUSH_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void flushQuietly() {
    try {
      flush();
    } catch (RuntimeException e) {
      log.debug("The last announcements were not sent: {}", DatabaseAway.reason(e));
    }
  }

  @Override
  public boolean isRunning() {
    return rounds.isRunning();
  }

  @Override
  public int getPhase() {
    return 0;
  }
}
