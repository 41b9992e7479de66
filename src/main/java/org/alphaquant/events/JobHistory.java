package org.alphaquant.events;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;
import org.alphaquant.job.row.JobEvents;
import org.alphaquant.job.row.Jobs;

/**
 * The events and states that a stream reads from the database when its feed has not cached them.
 */
interface JobHistory {

  /** The job as it is now; empty if it was deleted. */
  Optional<Job> job(UUID id);

  /** The events after a sequence number, oldest first. */
  List<JobEvent> after(UUID id, long after, int limit);

  /** Reads the history from the database. */
  static JobHistory of(Jobs jobs, JobEvents events) {
    return new JobHistory() {
      @Override
      public Optional<Job> job(UUID id) {
        return jobs.find(id);
      }

      @Override
      public List<JobEvent> after(UUID id, long after, int limit) {
        return events.after(id, after, limit);
      }
    };
  }
}
