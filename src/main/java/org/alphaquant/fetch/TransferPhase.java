package org.alphaquant.fetch;

import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;
import org.alphaquant.job.JobProgress;
import org.alphaquant.worker.JobContext;

/** Tells a job's clients about a transfer, and the transfer about the job. */
record TransferPhase(JobContext context, String phase) implements DownloadObserver {

  // What part of the whole job it is cannot be told.
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
