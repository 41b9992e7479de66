package org.alphaquant.fetch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.DownloadProgress;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.source.SourceException;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/** Brings what the job names, then lets the next one run it. Nobody deletes it meanwhile. */
final class FetchingRunner implements JobRunner {

  static final String PHASE = "download";

  private final JobRunner next;
  private final Hub hub;
  private final HubModels models;
  private final Texts texts;

  FetchingRunner(JobRunner next, Hub hub, HubModels models, Texts texts) {
    this.texts = texts;
    this.next = next;
    this.hub = hub;
    this.models = models;
  }

  // A download asks between its parts whether to stop.
  @Override
  public boolean canBeStopped() {
    return next.canBeStopped();
  }

  @Override
  public JobResult run(JobContext context) throws Exception {
    Map<String, FetchedSource> sources = new HashMap<>(context.sources());
    List<Runnable> releases = new ArrayList<>();
    try {
      fetch(context, sources, releases);
      return next.run(sources.isEmpty() ? context : new FetchedContext(context, sources));
    } finally {
      releases.forEach(Runnable::run);
    }
  }

  private void fetch(
      JobContext context, Map<String, FetchedSource> sources, List<Runnable> releases) {
    JobSpec spec = context.spec();
    try {
      Optional<HubReference> reference = reference(spec);
      if (reference.isPresent()) {
        ModelInUse model = hub.use(reference.get(), null, new Observer(context));
        releases.add(model::close);
        sources.put(
            spec.model(),
            new FetchedSource(
                model.folder().toString(), model.version().toString(), licence(model), null));
      }
      for (JobSpec.Source text : texts(spec)) {
        Optional<Texts.Brought> brought = texts.bring(text, new Observer(context));
        brought.ifPresent(it -> releases.add(it::close));
        brought.ifPresent(it -> sources.put(text.name(), it.source()));
      }
    } catch (FetchException e) {
      throw failure(e);
    } catch (SourceException e) {
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    }
  }

  // A commit that was pinned before is not looked up again; its card says the same.
  private static String licence(ModelInUse model) {
    return model.licence() == null ? ModelFacts.of(model.folder()).licence() : model.licence();
  }

  private static List<JobSpec.Source> texts(JobSpec spec) {
    List<JobSpec.Source> texts = new ArrayList<>(spec.calibration().files());
    if (spec.evaluation() != null && spec.evaluation().perplexity() != null) {
      texts.add(spec.evaluation().perplexity().source());
    }
    return texts;
  }

  private Optional<HubReference> reference(JobSpec spec) {
    return models
        .reference(spec.model(), spec.revision())
        .filter(it -> hub.isOn() || hub.cached(it).isPresent() || spec.model().startsWith("hf://"));
  }

  static RunFailure failure(FetchException e) {
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
