package org.alphaquant.events;

import java.io.IOException;
import org.alphaquant.job.row.Job;
import org.alphaquant.job.row.JobEvent;

/**
 * One client that follows a job. Called by one thread at a time; calls may block. An {@link
 * IOException} means that the client is gone.
 */
public interface EventSink {

  /** The next event, in order. */
  void event(JobEvent event) throws IOException;

  /**
   * The next events no longer exist, or the client's sequence number is unknown: the client must
   * replace its state by this job.
   */
  void reset(Job now) throws IOException;

  /** Heartbeat: finds out whether the client is still connected. */
  void heartbeat() throws IOException;

  /** Ends the stream. */
  void complete();
}
