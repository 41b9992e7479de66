package org.alphaquant.fetch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.JobError;
import org.alphaquant.job.JobKind;
import org.alphaquant.job.JobResult;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RunFailure;
import org.alphaquant.job.TextRequest;
import org.alphaquant.source.SourceException;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;
import org.alphaquant.worker.JobContext;
import org.alphaquant.worker.JobRunner;

/**
 * Downloads the model and texts of a job, then lets the next runner run it. They are not evicted
 * while the job runs.
 */
final class FetchingRunner implements JobRunner {

  static final String PHASE = "download";

  private final JobRunner next;
  private final Hub hub;
  private final Stores stores;
  private final Models models;
  private final Texts texts;
  private final KeptCalibrations calibrations;

  FetchingRunner(
      JobRunner next,
      Hub hub,
      Stores stores,
      Models models,
      Texts texts,
      KeptCalibrations calibrations) {
    this.calibrations = calibrations;
    this.texts = texts;
    this.next = next;
    this.hub = hub;
    this.stores = stores;
    this.models = models;
  }

  // A download checks for cancellation between its parts.
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
    fetchModel(context, spec.model(), spec.revision(), sources, releases);
    if (spec.evaluation() != null && spec.evaluation().reference() != null) {
      fetchModel(context, spec.evaluation().reference(), null, sources, releases);
    }
    if (spec.calibration().id() != null) {
      sources.put(
          FetchedSource.ofCalibration(spec.calibration().id()),
          brought("the calibration", () -> calibrations.bring(context)));
    }
    for (TextRequest text : texts(spec)) {
      Optional<Texts.Brought> brought =
          brought(
              text.source(),
              () -> texts.bring(text, context.owner(), new TransferPhase(context, PHASE)));
      brought.ifPresent(it -> releases.add(it::close));
      brought.ifPresent(it -> sources.put(text.name(), it.source()));
    }
  }

  private void fetchModel(
      JobContext context,
      String name,
      String revision,
      Map<String, FetchedSource> sources,
      List<Runnable> releases) {
    Optional<ModelInUse> model = brought(name, () -> model(context, name, revision));
    model.ifPresent(it -> releases.add(it::close));
    model.map(FetchingRunner::source).ifPresent(it -> put(context, name, sources, it));
  }

  private static void put(
      JobContext context, String name, Map<String, FetchedSource> sources, FetchedSource model) {
    sources.put(name, model);
    String licence = model.licence() == null ? "none is named" : model.licence();
    String message = "the licence of %s, as its card names it: %s".formatted(name, licence);
    context.event("log", Map.of("level", "info", "message", message));
  }

  private static <T> T brought(String name, Supplier<T> bring) {
    try {
      return bring.get();
    } catch (FetchException e) {
      throw failure(name, e);
    } catch (SourceException e) {
      throw new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    }
  }

  private Optional<ModelInUse> model(JobContext context, String name, String revision) {
    DownloadObserver observer = new TransferPhase(context, PHASE);
    Optional<StoreAddress> stored = StoreAddress.parse(name);
    return stored.isPresent()
        ? Optional.of(stores.use(stored.get(), revision, context.owner(), observer))
        : reference(name, revision).map(it -> hub.use(it, context.owner(), observer));
  }

  private static FetchedSource source(ModelInUse model) {
    return new FetchedSource(
        model.folder().toString(), model.version().toString(), licence(model), null);
  }

  // A pinned commit is not looked up again: its card cannot have changed.
  private static String licence(ModelInUse model) {
    return model.licence() == null ? ModelFacts.of(model.folder()).licence() : model.licence();
  }

  private static List<TextRequest> texts(JobSpec spec) {
    List<TextRequest> texts = new ArrayList<>();
    if (spec.kind() == JobKind.QUANTIZATION || spec.kind() == JobKind.CALIBRATION) {
      texts.addAll(spec.calibration().files());
      if (spec.traffic() != null) {
        spec.traffic().file().ifPresent(texts::add);
      }
    }
    if (spec.evaluation() != null) {
      texts.addAll(spec.evaluation().files());
    }
    return texts;
  }

  private Optional<HubReference> reference(String name, String revision) {
    return models
        .reference(name, revision)
        .filter(it -> hub.isOn() || hub.cached(it).isPresent() || name.startsWith("hf://"));
  }

  private static RunFailure failure(String name, FetchException e) {
    String away = StoreAddress.is(name) ? "store-unavailable" : "hub-unavailable";
    return switch (e.kind()) {
      case UNAVAILABLE -> new RunFailure(JobError.Kind.TRANSIENT, away, e.getMessage(), e);
      case NO_SPACE -> new RunFailure(JobError.Kind.RESOURCE, "no-space", e.getMessage(), e);
      default -> new RunFailure(JobError.Kind.USER, "unusable-input", e.getMessage(), e);
    };
  }
}
