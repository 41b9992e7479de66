package org.alphaquant.events;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Predicate;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.Jobs;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/**
 * Streams of changes to all jobs that a client may see, for example for a page that lists them. A
 * job that changes often is read and sent at most a few times a second, for any number of clients.
 */
public final class ChangeStreams implements Notifications.Listener {
  private static final Duration BETWEEN = Duration.ofMillis(250);

  private final Jobs jobs;
  private final EventSettings settings;
  private final ExecutorService writers;
  private final Set<ChangeStream> streams = ConcurrentHashMap.newKeySet();
  private final Set<UUID> dirty = ConcurrentHashMap.newKeySet();
  private final Rounds dispatcher;
  private long beatAt = System.nanoTime();
  private volatile boolean closed;

  ChangeStreams(Jobs jobs, EventSettings settings, ExecutorService writers) {
    this.jobs = jobs;
    this.settings = settings;
    this.writers = writers;
    this.dispatcher = new Rounds("change-dispatcher", BETWEEN, this::dispatch);
    dispatcher.start();
  }

  /**
   * Sends all further changes to a client until it disconnects.
   *
   * @param visible tests whether the client may see a job
   * @return must be closed when the client disconnects
   */
  public EventStreams.Subscription subscribe(Predicate<Job> visible, ChangeSink sink) {
    ChangeStream stream = new ChangeStream(visible, sink, streams::remove);
    if (closed) {
      stream.completionIsDue();
    } else {
      streams.add(stream);
    }
    write(stream);
    dispatcher.wake();
    return new Open(stream);
  }

  private final class Open implements EventStreams.Subscription {
    private final ChangeStream stream;

    Open(ChangeStream stream) {
      this.stream = stream;
    }

    @Override
    public void close() {
      stream.end();
    }

    @Override
    public void cut() {
      stream.cutIsDue();
      write(stream);
    }
  }

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.EVENT && !streams.isEmpty()) {
      dirty.add(UUID.fromString(payload));
    }
  }

  @Override
  public void mayHaveMissed() {
    streams.forEach(ChangeStream::resetIsDue);
    streams.forEach(this::write);
  }

  private Duration dispatch() {
    Set<UUID> now = new HashSet<>(dirty);
    if (!now.isEmpty()) {
      List<Job> changed = jobs.findAll(now);
      // Removed only after reading, so that the next round retries if the database is unavailable.
      dirty.removeAll(now);
      streams.stream().filter(stream -> stream.offer(changed)).forEach(this::write);
    }
    if (System.nanoTime() - beatAt >= settings.heartbeat().toNanos()) {
      beatAt = System.nanoTime();
      streams.forEach(ChangeStream::heartbeatIsDue);
      streams.forEach(this::write);
    }
    return streams.isEmpty() ? settings.heartbeat() : BETWEEN;
  }

  private void write(ChangeStream stream) {
    if (stream.wake()) {
      writers.execute(stream::write);
    }
  }

  // Before the web server stops, which would wait for the streams to end.
  @EventListener(ContextClosedEvent.class)
  void completeAll() {
    closed = true;
    dispatcher.stop();
    streams.forEach(ChangeStream::completionIsDue);
    streams.forEach(this::write);
    writers.shutdown();
  }
}
