package org.alphaquant.fetch;

import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;
import org.alphaquant.job.JobProgress;
import org.alphaquant.worker.JobContext;

/** Reports a transfer as a phase of the job, and cancels it with the job. */
record TransferPhase(JobContext context, String phase) implements DownloadObserver {

  // The transfer's share of the whole job is unknown.
  @Override
  public void progress(DownloadProgress progress) {
    context.progress(
        new JobProgress(
            phase,
            null,
            null,
            null,
            progress.remainingSeconds(),
            new JobProgress.Transfer(
                progress.done(), progress.total(), progress.bytesPerSecond())));
  }

  @Override
  public void ensureWanted() {
    context.ensureNotDraining();
  }
}
