package org.alphaquant.job.plan;

import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;

/** Plans a job from file headers, without reading weights. */
public interface JobPlanner {

  /**
   * Checks a specification and plans it.
   *
   * @throws RefusedException with all problems that prevent the job from running
   * @throws SourceAwayException if the model is remote and its host does not answer
   */
  JobPlan plan(JobSpec spec);
}
