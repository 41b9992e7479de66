package org.alphaquant.events;

import java.io.IOException;
import org.alphaquant.job.row.Job;

/**
 * One client that follows all jobs it may see. Called by one thread at a time; calls may block. An
 * {@link IOException} means that the client is gone.
 */
public interface ChangeSink {

  /** The job as it is now; states between two calls may be left out. */
  void changed(Job job) throws IOException;

  /** Changes may have been missed: the client must read everything again. */
  void reset() throws IOException;

  /** Heartbeat: finds out whether the client is still connected. */
  void heartbeat() throws IOException;

  /** Ends the stream. */
  void complete();
}
