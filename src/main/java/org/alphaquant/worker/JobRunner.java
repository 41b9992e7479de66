package org.alphaquant.worker;

import org.alphaquant.job.JobResult;

/** Runs one attempt. */
public interface JobRunner {

  /**
   * Runs the job in the calling thread until it ends.
   *
   * <p>It calls {@link JobContext#ensureHeld} between units of work and {@link
   * JobContext#betweenLayers} whenever all finished work is saved in its folder, and does not catch
   * what they throw.
   *
   * @return the result, whose files lie in {@link JobContext#artifactDirectory}
   * @throws org.alphaquant.job.RunFailure for a failure of a known class; any other exception is
   *     classified by its type, and by default as an internal error
   */
  JobResult run(JobContext context) throws Exception;

  /**
   * Whether {@link #run} ends soon after a cancel even if the work hangs. Otherwise the whole
   * process has to exit in that case.
   */
  default boolean canBeStopped() {
    return false;
  }
}
