package org.alphaquant.job.plan;

import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/** Plans a job from names and headers alone. */
public interface JobPlanner {

  /**
   * Checks a specification and plans it.
   *
   * @throws RefusedException with everything that keeps the job from being run
   * @throws SourceAwayException if the model is elsewhere and cannot be looked at now
   */
  JobPlan plan(JobSpec spec);
}
