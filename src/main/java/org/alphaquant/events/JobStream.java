package org.alphaquant.events;

import java.io.IOException;
import java.util.List;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;

/** The stream of one client that follows one job. */
final class JobStream extends ClientStream {
  private static final Logger log = LoggerFactory.getLogger(JobStream.class);
  private static final int PAGE = 200;

  private final JobFeed feed;
  private final EventSink sink;
  private final JobHistory history;
  private final Runnable onEnd;
  private boolean resetDue;
  private long sent;

  JobStream(JobFeed feed, long after, EventSink sink, JobHistory history, Runnable onEnd) {
    this.feed = feed;
    this.sent = after;
    this.sink = sink;
    this.history = history;
    this.onEnd = onEnd;
  }

  /** Starts the stream with the job's current state, as the client's sequence number is unknown. */
  JobStream fromReset() {
    resetDue = true;
    return this;
  }

  @Override
  void tryToWrite() {
    try {
      writeOnce();
    } catch (IOException gone) {
      log.debug("A client of job {} has disconnected: {}", feed.jobId(), gone.getMessage());
      end();
    } catch (DataAccessException | IllegalStateException e) {
      // The dispatcher retries later, unless this process is shutting down.
      log.debug("Events of job {} cannot be read now: {}", feed.jobId(), e.getMessage());
    } catch (RuntimeException e) {
      log.error("A stream of job {} failed and ends; its client may reconnect", feed.jobId(), e);
      complete();
    }
    // Also if nothing could be read, so that no client waits for a process that shuts down.
    if (completionDue) {
      complete();
    }
  }

  private void writeOnce() throws IOException {
    if (ended || cut) {
      return;
    }
    boolean silent = !resetDue;
    if (resetDue) {
      reset();
    }
    while (!ended && !cut) {
      List<JobEvent> next = next();
      if (next.isEmpty()) {
        break;
      }
      silent = false;
      send(next);
      if (!ended && next.get(next.size() - 1).isTerminal() && sent >= feed.newest()) {
        complete();
      }
    }
    if (silent && heartbeatDue && !ended) {
      sink.heartbeat();
    }
    heartbeatDue = false;
  }

  private List<JobEvent> next() {
    return feed.after(sent).orElseGet(() -> history.after(feed.jobId(), sent, PAGE));
  }

  private void send(List<JobEvent> next) throws IOException {
    if (next.get(0).seq() != sent + 1) {
      reset();
    }
    for (JobEvent event : next) {
      if (event.seq() > sent) {
        sink.event(event);
        sent = event.seq();
      }
    }
  }

  private void reset() throws IOException {
    Job now = history.job(feed.jobId()).orElseThrow(() -> new IOException("the job was deleted"));
    sink.reset(now);
    sent = now.eventSeq();
    resetDue = false;
    if (now.state().isTerminal()) {
      complete();
    }
  }

  private void complete() {
    if (!ended) {
      end();
      sink.complete();
    }
  }

  @Override
  void end() {
    ended = true;
    onEnd.run();
  }
}
