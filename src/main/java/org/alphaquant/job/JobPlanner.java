package org.alphaquant.job;

/** Says what a job would come to, from names and headers alone. */
public interface JobPlanner {

  /**
   * The plan for a specification that {@link JobPreflight} has nothing against.
   *
   * @throws RefusedException if the model or the configuration cannot be used all the same
   */
  JobPlan plan(JobSpec spec);
}
