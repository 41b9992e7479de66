package org.alphaquant.events;

import java.io.IOException;
import org.alphaquant.job.row.Job;

/**
 * One client that follows all jobs it may see. It is called by one thread at a time, and may block
 * it a while. An {@link IOException} says that the client is gone.
 */
public interface ChangeSink {

  /** The job as it is now; states between two calls may be left out. */
  void changed(Job job) throws IOException;

  /** Changes may have been missed: what the client knows must be read again. */
  void reset() throws IOException;

  /** Nothing happened for a while; finds out whether the client is still there. */
  void heartbeat() throws IOException;

  /** Nothing more will come, from here at least. */
  void complete();
}
