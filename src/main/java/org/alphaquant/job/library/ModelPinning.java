package org.alphaquant.job.library;

import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;

/** Pins the model of a job to a commit, so that later attempts use the same version. */
public interface ModelPinning {

  /**
   * The specification with the current commit of its model; unchanged if the model has no versions
   * or its host does not answer.
   *
   * @throws RefusedException if the model or revision does not exist or is not accessible
   */
  JobSpec pin(JobSpec spec);
}
