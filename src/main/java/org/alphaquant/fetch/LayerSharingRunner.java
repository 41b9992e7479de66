package org.alphaquant.fetch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.alphaquant.cache.FetchException;
import org.alphaquant.job.JobResult;
import org.alphaquant.store.StoredFolder;
import org.alphaquant.store.StoredResults;
import org.alphaquant.worker.AttemptEndedException;
import org.alphaquant.worker.AttemptLayout;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the next runner run the job and uploads finished layers to a store in the background. A
 * store that does not answer fails no job: at worst another machine starts from the first layer.
 */
final class LayerSharingRunner implements JobRunner {

  private static final Logger log = LoggerFactory.getLogger(LayerSharingRunner.class);
  private static final String BROUGHT = "brought";
  private static final long LOOK_MILLIS = 500;

  private final JobRunner next;
  private final StoredResults results;

  LayerSharingRunner(JobRunner next, StoredResults results) {
    this.next = next;
    this.results = results;
  }

  @Override
  public boolean canBeStopped() {
    return next.canBeStopped();
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    try (StoredFolder store = results.layers(context.jobId(), context::ensureHeld).orElse(null)) {
      return store == null ? next.run(context) : run(context, new SharedLayers(store));
    }
  }

  private JobResult run(JobContext context, SharedLayers shared) throws Exception {
    List<Path> earlier = new ArrayList<>(context.earlierAttempts());
    earlier.addAll(0, brought(context, shared));
    AttemptLayout attempt = new AttemptLayout(context.attemptDirectory());
    CountDownLatch ended = new CountDownLatch(1);
    Thread sharing = new Thread(() -> share(shared, attempt, ended), "layers-" + context.jobId());
    sharing.start();
    try {
      return next.run(new FetchedContext(context, earlier));
    } finally {
      ended.countDown();
      sharing.join();
    }
  }

  private static List<Path> brought(JobContext context, SharedLayers shared) throws IOException {
    try {
      return shared.bring(context.earlierAttempts(), context.attemptDirectory().resolve(BROUGHT));
    } catch (FetchException e) {
      log.warn(
          "job={} begins without the layers in its store: {}", context.jobId(), e.getMessage());
      return List.of();
    }
  }

  // Uploads once more after the end, for the layer that a stopped worker finished last.
  private static void share(SharedLayers shared, AttemptLayout attempt, CountDownLatch ended) {
    boolean over = false;
    while (!over) {
      over = await(ended);
      try {
        shared.put(attempt);
      } catch (AttemptEndedException notOurs) {
        return;
      } catch (FetchException | IOException e) {
        log.warn("{} is not in the store yet: {}", attempt.folder(), e.getMessage());
      }
    }
  }

  private static boolean await(CountDownLatch ended) {
    try {
      return ended.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }
}
