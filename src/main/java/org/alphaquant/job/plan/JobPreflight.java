package org.alphaquant.job.plan;

import java.util.List;
import org.alphaquant.job.JobSpec;
import org.alphaquant.problem.Problem;

/** Checks a specification before it is stored. */
public interface JobPreflight {

  /** All problems found, none where the job can be queued. Runs no numerics. */
  List<Problem> check(JobSpec spec);
}
