package org.alphaquant.events;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.alphaquant.background.Notifications;
import org.alphaquant.background.Rounds;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;

/** All event streams of this process and the dispatcher that feeds them. */
public final class EventStreams implements Notifications.Listener {
  private static final int PAGE = 500;

  private final Jobs jobs;
  private final JobEvents events;
  private final EventSettings settings;
  private final ExecutorService writers;
  private final Map<UUID, JobFeed> feeds = new ConcurrentHashMap<>();
  private final Set<UUID> dirty = ConcurrentHashMap.newKeySet();
  private final AtomicInteger open = new AtomicInteger();
  private final Rounds dispatcher;
  private long polledAt = System.nanoTime();
  private long beatAt = System.nanoTime();
  private volatile boolean lookAtAll;
  private volatile boolean closed;

  EventStreams(Jobs jobs, JobEvents events, EventSettings settings, ExecutorService writers) {
    this.jobs = jobs;
    this.events = events;
    this.settings = settings;
    this.writers = writers;
    this.dispatcher = new Rounds("event-dispatcher", mostPause(), this::dispatch);
    dispatcher.start();
  }

  /**
   * Sends a client all events after a sequence number until the job has ended or the client has
   * disconnected.
   *
   * @param job the job, just read
   * @param after sequence number of the last event that the client has; 0 for none
   * @return must be closed when the client disconnects
   */
  public Subscription subscribe(Job job, long after, EventSink sink) {
    JobStream[] stream = new JobStream[1];
    feeds.compute(
        job.id(),
        (id, existing) -> {
          JobFeed feed = existing == null ? new JobFeed(id, job.eventSeq()) : existing;
          stream[0] =
              new JobStream(
                  feed, after, sink, JobHistory.of(jobs, events), () -> end(feed, stream[0]));
          feed.streams().add(stream[0]);
          return feed;
        });
    open.incrementAndGet();
    begin(job, after, stream[0]);
    return new Open(stream[0]);
  }

  private final class Open implements Subscription {
    private final JobStream stream;

    Open(JobStream stream) {
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

  private void begin(Job job, long after, JobStream stream) {
    if (closed) {
      stream.completionIsDue();
      stream.write();
      return;
    }
    if (after == job.eventSeq() && job.state().isTerminal()) {
      stream.completionIsDue();
    } else if (after > job.eventSeq()) {
      stream.fromReset();
    }
    markDirty(job.id());
    write(stream);
  }

  /** Number of open streams. */
  public int size() {
    return open.get();
  }

  // May be called several times for a stream; only the first call removes it.
  private void end(JobFeed feed, JobStream stream) {
    feeds.computeIfPresent(
        feed.jobId(),
        (id, it) -> {
          if (it.streams().remove(stream)) {
            open.decrementAndGet();
          }
          return it.streams().isEmpty() ? null : it;
        });
  }

  private void write(JobStream stream) {
    if (stream.wake()) {
      writers.execute(stream::write);
    }
  }

  private void markDirty(UUID job) {
    dirty.add(job);
    dispatcher.wake();
  }

  @Override
  public void notified(Notifications.Channel channel, String payload) {
    if (channel == Notifications.Channel.EVENT) {
      UUID job = UUID.fromString(payload);
      if (feeds.containsKey(job)) {
        markDirty(job);
      }
    }
  }

  @Override
  public void mayHaveMissed() {
    lookAtAll = true;
    dispatcher.wake();
  }

  private Duration dispatch() {
    try {
      if (lookAtAll || isOver(polledAt, settings.pollEvery())) {
        lookAtAll = false;
        polledAt = System.nanoTime();
        findMissed();
      }
      Set<UUID> now = new HashSet<>(dirty);
      dirty.removeAll(now);
      now.stream().map(feeds::get).filter(feed -> feed != null).forEach(this::feed);
    } catch (DataAccessException e) {
      lookAtAll = true;
      throw e;
    } finally {
      if (isOver(beatAt, settings.heartbeat())) {
        beatAt = System.nanoTime();
        beat();
      }
    }
    return mostPause();
  }

  private Duration mostPause() {
    return settings.pollEvery().compareTo(settings.heartbeat()) < 0
        ? settings.pollEvery()
        : settings.heartbeat();
  }

  private static boolean isOver(long since, Duration time) {
    return System.nanoTime() - since >= time.toNanos();
  }

  // One query for all followed jobs.
  private void findMissed() {
    List<JobFeed> followed = List.copyOf(feeds.values());
    if (followed.isEmpty()) {
      return;
    }
    Map<UUID, Long> newest =
        jobs.newestEvents(followed.stream().map(JobFeed::jobId).toList()).stream()
            .collect(Collectors.toMap(Jobs.Newest::getId, Jobs.Newest::getSeq));
    for (JobFeed feed : followed) {
      Long seq = newest.get(feed.jobId());
      if (seq == null) {
        feed.streams().forEach(JobStream::completionIsDue);
      } else if (seq > feed.newest()) {
        dirty.add(feed.jobId());
      }
      // A stream may be behind its feed if the database was unavailable when it read.
      feed.streams().forEach(this::write);
    }
  }

  private void feed(JobFeed feed) {
    List<JobEvent> page = events.after(feed.jobId(), feed.newest(), PAGE);
    while (!page.isEmpty()) {
      feed.append(page);
      page = page.size() < PAGE ? List.of() : events.after(feed.jobId(), feed.newest(), PAGE);
    }
    feed.streams().forEach(this::write);
  }

  private void beat() {
    for (JobFeed feed : feeds.values()) {
      for (JobStream stream : feed.streams()) {
        stream.heartbeatIsDue();
        write(stream);
      }
    }
  }

  // Before the web server stops, which would wait for the streams to end.
  @EventListener(ContextClosedEvent.class)
  void completeAll() {
    closed = true;
    dispatcher.stop();
    for (JobFeed feed : feeds.values()) {
      for (JobStream stream : feed.streams()) {
        stream.completionIsDue();
        write(stream);
      }
    }
    writers.shutdown();
  }

  /** The subscription of a client. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();

    /** Ends the stream without further events; does not wait for the client. */
    void cut();
  }
}
