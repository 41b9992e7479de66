package org.alphaquant.job.queue;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.alphaquant.job.JobState;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.QuotaSettings;

/** Positions of queued jobs and the reasons why they wait. */
public final class WaitingJobs {
  private final WaitingRows rows;
  private final QueueOrder order;

  WaitingJobs(WaitingRows rows) {
    this.rows = rows;
    this.order = new QueueOrder(rows::queue);
  }

  /** The queued ones among these jobs, and why they wait. */
  public Map<UUID, Waiting> of(Collection<Job> jobs, QuotaSettings quotas) {
    List<UUID> queued =
        jobs.stream().filter(job -> job.state() == JobState.QUEUED).map(Job::id).toList();
    Map<UUID, Waiting> waiting = new HashMap<>();
    if (!queued.isEmpty()) {
      rows.reasons(queued, quotas.running()).forEach(row -> waiting.put(row.getId(), of(row)));
    }
    return waiting;
  }

  private Waiting of(WaitingRows.Reason row) {
    int ahead = order.ahead(row);
    String queue = ahead > 0 ? "behind-%d-jobs".formatted(ahead) : "next";
    return new Waiting(ahead + 1L, row.getReason() == null ? queue : row.getReason());
  }
}
