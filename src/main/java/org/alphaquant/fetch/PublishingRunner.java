package org.alphaquant.fetch;

import java.util.Optional;
import org.alphaquant.cache.FetchException;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.RunFailure;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.StoredResults;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/** Lets the next runner run the job and uploads the result to its store. */
final class PublishingRunner implements JobRunner {

  static final String PHASE = "upload";

  private final JobRunner next;
  private final StoredResults results;

  PublishingRunner(JobRunner next, StoredResults results) {
    this.next = next;
    this.results = results;
  }

  @Override
  public boolean canBeStopped() {
    return next.canBeStopped();
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    Optional<StoreAddress> location = location(context);
    // The result's location is set here alone.
    JobResult result = next.run(context).at(null);
    if (location.isEmpty()) {
      return result;
    }
    try {
      results.put(
          context.jobId(),
          context.leaseEpoch(),
          location.get(),
          context.artifactDirectory(),
          result.artifacts(),
          new TransferPhase(context, PHASE));
      return result.at(location.get().toString());
    } catch (FetchException e) {
      throw failure(e);
    }
  }

  // Checked before hours of work are spent on a result that cannot be stored.
  private Optional<StoreAddress> location(JobContext context) {
    try {
      Optional<StoreAddress> location =
          results.location(context.jobId(), context.spec().output().location());
      location.ifPresent(it -> results.requireFree(it, context.jobId()));
      return location;
    } catch (FetchException e) {
      throw failure(e);
    }
  }

  private static RunFailure failure(FetchException e) {
    return e.isPassing()
        ? new RunFailure(JobError.Kind.TRANSIENT, "store-unavailable", e.getMessage(), e)
        : new RunFailure(JobError.Kind.USER, "unusable-output", e.getMessage(), e);
  }
}
