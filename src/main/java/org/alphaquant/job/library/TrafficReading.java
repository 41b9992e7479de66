package org.alphaquant.job.library;

import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;

/** Reads traffic that a server counts, once, so that a stored job says what it is fitted to. */
public interface TrafficReading {

  /**
   * The specification with the counts in place of where they are to be had; unchanged where it has
   * none or has them already.
   *
   * @throws RefusedException if they may not be had there, or what comes are no counts
   */
  JobSpec read(JobSpec spec);
}
