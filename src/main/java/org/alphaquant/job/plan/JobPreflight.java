package org.alphaquant.job.plan;

import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;

/** Checks a specification before it is stored. */
public interface JobPreflight {

  /** All problems found; empty if the job can be queued. Does not load weights. */
  List<Problem> check(JobSpec spec);
}
