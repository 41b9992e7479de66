package org.alphaquant.events;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.alphaquant.job.row.Job;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The stream of one client that follows all jobs; keeps only the newest state of each job. */
final class ChangeStream extends ClientStream {
  private static final Logger log = LoggerFactory.getLogger(ChangeStream.class);
  private static final int MAX_PENDING = 1000;

  private final Predicate<Job> visible;
  private final ChangeSink sink;
  private final Consumer<ChangeStream> onEnd;
  private final Map<UUID, Job> pending = new LinkedHashMap<>();
  private volatile boolean resetDue;

  ChangeStream(Predicate<Job> visible, ChangeSink sink, Consumer<ChangeStream> onEnd) {
    this.visible = visible;
    this.sink = sink;
    this.onEnd = onEnd;
  }

  /** Whether there is something to write now. */
  synchronized boolean offer(List<Job> changed) {
    changed.stream().filter(visible).forEach(job -> pending.put(job.id(), job));
    if (pending.size() > MAX_PENDING) {
      pending.clear();
      resetDue = true;
    }
    return resetDue || !pending.isEmpty();
  }

  void resetIsDue() {
    resetDue = true;
  }

  @Override
  void tryToWrite() {
    try {
      if (!ended && !cut) {
        writeOnce();
      }
    } catch (IOException gone) {
      log.debug("A client of the change stream has disconnected: {}", gone.getMessage());
      end();
    } catch (RuntimeException e) {
      log.error("A change stream failed and ends; its client may reconnect", e);
      completionDue = true;
    }
    if (completionDue && !ended) {
      end();
      sink.complete();
    }
  }

  private void writeOnce() throws IOException {
    boolean silent = true;
    if (resetDue) {
      resetDue = false;
      silent = false;
      sink.reset();
    }
    for (Job job : take()) {
      silent = false;
      sink.changed(job);
    }
    if (silent && heartbeatDue) {
      sink.heartbeat();
    }
    heartbeatDue = false;
  }

  private synchronized List<Job> take() {
    List<Job> taken = new ArrayList<>(pending.values());
    pending.clear();
    return taken;
  }

  @Override
  void end() {
    ended = true;
    onEnd.accept(this);
  }
}
