package org.alphaquant.fetch;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.hub.DownloadObserver;
import org.alphaquant.hub.DownloadProgress;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubException;
import org.alphaquant.hub.HubReference;
import org.alphaquant.hub.ModelInUse;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/** Brings what the job names, then lets the next one run it. Nobody deletes it meanwhile. */
final class FetchingRunner implements JobRunner {

  static final String PHASE = "download";

  private final JobRunner next;
  private final Hub hub;
  private final HubModels models;

  FetchingRunner(JobRunner next, Hub hub, HubModels models) {
    this.next = next;
    this.hub = hub;
    this.models = models;
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    JobSpec spec = context.spec();
    Optional<HubReference> reference = reference(spec);
    if (reference.isEmpty()) {
      return next.run(context);
    }
    Map<String, FetchedSource> sources = new HashMap<>(context.sources());
    try (ModelInUse model = use(reference.get(), context)) {
      sources.put(
          spec.model(),
          new FetchedSource(
              model.folder().toString(), model.reference().toString(), model.licence(), null));
      return next.run(new FetchedContext(context, sources));
    }
  }

  private Optional<HubReference> reference(JobSpec spec) {
    return models
        .reference(spec.model(), spec.revision())
        .filter(it -> hub.isOn() || hub.cached(it).isPresent() || spec.model().startsWith("hf://"));
  }

  private ModelInUse use(HubReference reference, JobContext context) {
    try {
      return hub.use(reference, null, new Observer(context));
    } catch (HubException e) {
      throw failure(e);
    }
  }

  static RunFailure failure(HubException e) {
    return switch (e.kind()) {
      case UNAVAILABLE ->
          new RunFailure(JobError.Kind.TRANSIENT, "hub-unavailable", e.getMessage(), e);
      case NO_SPACE -> new RunFailure(JobError.Kind.RESOURCE, "no-space", e.getMessage(), e);
      default -> new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    };
  }

  /** Tells the job's clients about the download, and the download about the job. */
  private record Observer(JobContext context) implements DownloadObserver {

    @Override
    public void progress(DownloadProgress progress) {
      context.progress(
          new JobProgress(
              PHASE,
              null,
              null,
              0.0,
              null,
              new JobProgress.Transfer(
                  progress.done(), progress.total(), progress.bytesPerSecond())));
    }

    @Override
    public void ensureWanted() {
      context.ensureNotDraining();
    }
  }
}
