package org.alphaquant.fetch;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.alphaquant.cache.FetchException;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.job.JobSpec;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.library.ModelPinning;
import org.alphaquant.problem.Problem;
import org.alphaquant.source.AllowedRoots;
import org.alphaquant.source.RemoteModels;
import org.alphaquant.source.SourceException;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;

/**
 * Resolves the model names of jobs to repositories of the hub or places in stores. A folder below
 * an allowed root takes precedence over a repository of the same name.
 */
final class Models implements RemoteModels, ModelPinning {

  private final Hub hub;
  private final Stores stores;
  private final AllowedRoots roots;
  private final Texts texts;

  Models(Hub hub, Stores stores, AllowedRoots roots, Texts texts) {
    this.hub = hub;
    this.stores = stores;
    this.texts = texts;
    this.roots = roots;
  }

  /**
   * The repository that the name refers to; empty where it is a folder below a root or no valid
   * repository name.
   *
   * @throws FetchException if it has the prefix of a repository but is malformed
   */
  Optional<HubReference> reference(String model, String revision) {
    if (StoreAddress.is(model)) {
      return Optional.empty();
    }
    Optional<HubReference> named = HubReference.parse(model);
    if (named.isPresent()) {
      return Optional.of(revision == null ? named.get() : named.get().at(revision));
    }
    boolean possible = HubReference.isId(model) && !isBelowRoot(model);
    return possible ? Optional.of(HubReference.model(model, revision)) : Optional.empty();
  }

  private boolean isBelowRoot(String model) {
    try {
      roots.folder(model);
      return true;
    } catch (SourceException notThere) {
      return false;
    }
  }

  @Override
  public Optional<Path> headers(String model, String revision) {
    try {
      Optional<StoreAddress> stored = StoreAddress.parse(model);
      if (stored.isPresent()) {
        return Optional.of(stores.headers(stored.get(), revision));
      }
      Optional<HubReference> reference =
          reference(model, revision).filter(it -> isKnown(model, it));
      if (reference.isEmpty()) {
        return Optional.empty();
      }
      Optional<Path> cached = hub.cached(reference.get());
      return cached.isPresent()
          ? cached
          : Optional.of(hub.headers(hub.pin(reference.get()).reference()));
    } catch (FetchException e) {
      throw away(e);
    }
  }

  @Override
  public boolean hasText(String name) {
    return texts.isRemote(name);
  }

  /** With the hub off, a plain name can only refer to a cached repository. */
  private boolean isKnown(String model, HubReference reference) {
    return hub.isOn() || model.startsWith(HubReference.SCHEME) || hub.cached(reference).isPresent();
  }

  private static RuntimeException away(FetchException e) {
    return e.isPassing()
        ? new SourceAwayException(e.getMessage(), e)
        : new SourceException(e.getMessage());
  }

  @Override
  public JobSpec pin(JobSpec spec) {
    try {
      Optional<StoreAddress> stored = StoreAddress.parse(spec.model());
      if (stored.isPresent()) {
        return spec.revision() == null
            ? spec.at(spec.model(), stores.revision(stored.get()))
            : spec;
      }
      Optional<HubReference> reference =
          reference(spec.model(), spec.revision()).filter(it -> isKnown(spec.model(), it));
      return reference.isEmpty() ? spec : pinned(spec, hub.pin(reference.get()).reference());
    } catch (FetchException e) {
      if (e.isPassing()) {
        return spec;
      }
      throw new RefusedException(
          List.of(Problem.error("unknown-model", "/model", spec.model(), e.getMessage())));
    }
  }

  private static JobSpec pinned(JobSpec spec, HubReference pinned) {
    int at = spec.model().indexOf('@');
    return spec.at(at < 0 ? spec.model() : spec.model().substring(0, at), pinned.revision());
  }
}
