package org.alphaquant.job.library;

import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;

/** Pins the model of a job to a commit, so that later attempts use the same version. */
public interface ModelPinning {

  /**
   * The specification with the commit that its model is at now; the same where the model has no
   * versions, or where the service that has it does not answer.
   *
   * @throws RefusedException if there is no such model or revision, or it may not be read
   */
  JobSpec pin(JobSpec spec);
}
