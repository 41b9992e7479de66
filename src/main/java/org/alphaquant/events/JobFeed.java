package org.alphaquant.events;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.alphaquant.job.row.JobEvent;

/** A cache of the newest events of one job, and the streams that follow it. */
final class JobFeed {
  private static final int KEPT = 256;

  private final UUID jobId;
  private final Set<JobStream> streams = ConcurrentHashMap.newKeySet();
  private List<JobEvent> recent = List.of();
  private long newest;

  JobFeed(UUID jobId, long newest) {
    this.jobId = jobId;
    this.newest = newest;
  }

  UUID jobId() {
    return jobId;
  }

  Set<JobStream> streams() {
    return streams;
  }

  synchronized long newest() {
    return newest;
  }

  synchronized void append(List<JobEvent> events) {
    List<JobEvent> joined = new ArrayList<>(recent);
    joined.addAll(events);
    recent = List.copyOf(joined.subList(Math.max(0, joined.size() - KEPT), joined.size()));
    newest = recent.get(recent.size() - 1).seq();
  }

  /** The events after a sequence number; empty if some of them are not cached. */
  synchronized Optional<List<JobEvent>> after(long seq) {
    if (seq >= newest) {
      return Optional.of(List.of());
    }
    if (recent.isEmpty() || recent.get(0).seq() > seq + 1) {
      return Optional.empty();
    }
    return Optional.of(recent.stream().filter(event -> event.seq() > seq).toList());
  }
}
