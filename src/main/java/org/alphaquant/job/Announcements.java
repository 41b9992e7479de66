package org.alphaquant.job;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Tells all processes of changes through the database, each time with everything that has come up
 * meanwhile. It is not a part of the changes' transactions: PostgreSQL lets transactions that
 * notify commit only one after another, each waiting for the disk (PreCommit_Notify in its async.c
 * says why), and a transaction that does nothing else does not wait for the disk at all. What is
 * lost with a process is found by those who look at the rows every few seconds.
 */
final class Announcements implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Announcements.class);
  private static final int MOST = 10_000;
  private static final long RETRY_MILLIS = 1000;
  private static final long LAST_WORDS_MILLIS = 2000;

  private final JdbcClient sql;
  private final Set<Announcement> pending = new LinkedHashSet<>();
  private volatile boolean running;
  private Thread thread;

  Announcements(JdbcClient sql) {
    this.sql = sql;
  }

  @Override
  public void start() {
    running = true;
    thread = new Thread(this::announce, "job-announcements");
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns at once. The same that is not yet told is told once. */
  synchronized void add(Collection<Announcement> announcements) {
    if (pending.size() < MOST) {
      pending.addAll(announcements);
      notifyAll();
    }
  }

  private void announce() {
    try {
      for (Set<Announcement> batch = next(); !batch.isEmpty(); batch = next()) {
        try {
          send(batch);
        } catch (DataAccessException e) {
          log.debug("Nobody can be told now: {}", DatabaseAway.reason(e));
          add(batch);
          pause();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for announcements; empty when there are none and there will be none. */
  private synchronized Set<Announcement> next() throws InterruptedException {
    while (running && pending.isEmpty()) {
      wait();
    }
    Set<Announcement> batch = Set.copyOf(pending);
    pending.clear();
    return batch;
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

  private synchronized void pause() throws InterruptedException {
    if (running) {
      wait(RETRY_MILLIS);
    } else {
      pending.clear();
    }
  }

  /** After the workers, so that others hear at once of the jobs that they gave back. */
  @Override
  public void stop() {
    synchronized (this) {
      running = false;
      notifyAll();
    }
    try {
      thread.join(LAST_WORDS_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return 0;
  }
}
