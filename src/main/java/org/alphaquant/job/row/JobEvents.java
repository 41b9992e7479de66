package org.alphaquant.job.row;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.JobProgress;

/** The events of jobs. */
public final class JobEvents {
  private final JobEventRows rows;
  private final Listeners<JobListener> listeners;

  JobEvents(JobEventRows rows, Listeners<JobListener> listeners) {
    this.rows = rows;
    this.listeners = listeners;
  }

  /** The events after a sequence number, oldest first. */
  public List<JobEvent> after(UUID jobId, long after, int limit) {
    return rows.after(jobId, after, limit);
  }

  /** The newest events of one type, newest first. */
  public List<JobEvent> newest(UUID jobId, String type, int limit) {
    return rows.newest(jobId, type, limit);
  }

  /**
   * Appends an event of the attempt that holds the job, with progress too where it is not null.
   *
   * @return the event; empty when the lease is lost
   */
  public Optional<JobEvent> append(
      UUID id, long epoch, String type, String level, Object data, JobProgress progress) {
    return listeners.tell(
        rows.append(id, epoch, type, level, StoredJson.write(data), StoredJson.write(progress)),
        JobListener::appended);
  }
}
