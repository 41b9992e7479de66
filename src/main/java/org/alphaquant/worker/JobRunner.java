package org.alphaquant.worker;

import org.alphaquant.job.JobResult;

/** Does the work of one attempt. */
public interface JobRunner {

  /**
   * Runs the job to its end, in the calling thread.
   *
   * <p>It calls {@link JobContext#ensureHeld} between units of work and {@link
   * JobContext#betweenLayers} whenever what it did so far is safe in its folder, and lets what they
   * throw pass.
   *
   * @return the result, whose files lie in {@link JobContext#artifactDirectory}
   * @throws org.alphaquant.job.RunFailure for a failure whose class is known; any other exception
   *     is classed by its type, and counts as a fault of this program where that says nothing
   */
  JobResult run(JobContext context) throws Exception;

  /**
   * Whether {@link #run} ends a while after a cancel even where the work does not. Otherwise the
   * whole process has to end then.
   */
  default boolean canBeStopped() {
    return false;
  }
}
