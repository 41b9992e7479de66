package org.alphaquant.events;

import java.io.IOException;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;

/**
 * One client that follows a job. It is called by one thread at a time, and may block it a while. An
 * {@link IOException} says that the client is gone.
 */
public interface EventSink {

  /** The next event, in order. */
  void event(JobEvent event) throws IOException;

  /**
   * Events that should come next are gone, or the client's number is none of this job's: what the
   * client knows must be replaced by this.
   */
  void reset(Job now) throws IOException;

  /** Nothing happened for a while; finds out whether the client is still there. */
  void heartbeat() throws IOException;

  /** Nothing more will come, from here at least. */
  void complete();
}
