package org.alphaquant.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.cache.DataSetFiles;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.FileInUse;
import org.alphaquant.cache.ModelCache;
import org.alphaquant.cache.ModelInUse;
import org.alphaquant.cache.Origin;
import org.alphaquant.cache.Patience;
import org.alphaquant.cache.RemoteContent;
import org.alphaquant.cache.RemoteFile;
import org.alphaquant.cache.Version;

/** Looks up and downloads models and data sets of the hub. */
public final class Hub implements Origin, AutoCloseable {

  private final HubSettings settings;
  private final HubPlace place;
  private final HubHttp http;
  private final HubRequests requests;
  private final ModelCache cache;

  Hub(HubSettings settings, HubPlace place, ModelCache cache) {
    this.settings = settings;
    this.place = place;
    this.http = new HubHttp(settings, place);
    this.requests = new HubRequests(http, place.endpoint(), settings);
    this.cache = cache;
  }

  /** Whether the operator has permitted any repository. */
  public boolean isOn() {
    return !settings.allowed().isEmpty();
  }

  /** Whether the operator has permitted this repository. */
  public boolean allows(HubReference reference) {
    return settings.allowed().stream().anyMatch(it -> matches(it, reference.path()));
  }

  private static boolean matches(String pattern, String path) {
    String regex =
        Stream.of(pattern.toLowerCase(Locale.ROOT).split("\\*", -1))
            .map(java.util.regex.Pattern::quote)
            .reduce((a, b) -> a + ".*" + b)
            .orElse("");
    return path.toLowerCase(Locale.ROOT).matches(regex);
  }

  /**
   * Resolves a repository's revision to its current commit. Where the hub does not answer, the
   * commit recorded in a cache is used.
   *
   * @throws FetchException if it is not permitted, does not exist or cannot be looked up
   */
  public Pinned pin(HubReference reference) {
    return pin(reference, Patience.of(settings.answerWithin()));
  }

  /**
   * A repository at its commit.
   *
   * @param licence null where the hub was not asked or the card names none
   */
  public record Pinned(HubReference reference, String licence) {}

  private Pinned pin(HubReference reference, Patience patience) {
    if (reference.isPinned()) {
      return new Pinned(reference, null);
    }
    Optional<HubReference> known = known(reference);
    if (place.offline() || !isOn()) {
      return new Pinned(known.orElseThrow(() -> notAsked(reference)), null);
    }
    requireAllowed(reference);
    try {
      HubRequests.Revision revision = requests.resolve(reference, patience);
      return new Pinned(reference.at(revision.commit()), revision.licence());
    } catch (FetchException e) {
      if (e.isPassing() && known.isPresent()) {
        return new Pinned(known.get(), null);
      }
      throw e;
    }
  }

  /** The commit that a cache has recorded for it. */
  private Optional<HubReference> known(HubReference reference) {
    return reference.isPinned()
        ? Optional.of(reference)
        : cache.named(reference.folder(), reference.revision()).map(reference::at);
  }

  /**
   * Checks that the operator has permitted the repository.
   *
   * @throws FetchException if it may not
   */
  public void requireAllowed(HubReference reference) {
    if (place.offline() || !allows(reference)) {
      throw notAsked(reference);
    }
  }

  private FetchException notAsked(HubReference reference) {
    String why =
        !isOn()
            ? "this service asks no hub (alphaquant.hub.allowed is empty)"
            : place.offline()
                ? "this service is offline (alphaquant.hub.offline)"
                : "alphaquant.hub.allowed permits %s"
                    .formatted(String.join(", ", settings.allowed()));
    boolean unknown = place.offline() || !isOn();
    return new FetchException(
        Kind.NOT_ALLOWED,
        "'%s' %s, and %s"
            .formatted(
                reference.path(), unknown ? "is in no cache here" : "may not be asked for", why));
  }

  @Override
  public List<RemoteFile> files(Version pinned, Patience patience) {
    requireAllowed((HubReference) pinned);
    return requests.files((HubReference) pinned, patience);
  }

  @Override
  public RemoteContent content(Version pinned, RemoteFile file) {
    HubReference reference = (HubReference) pinned;
    return new HubContent(
        http, settings, reference, file, requests.content(reference, file.path()));
  }

  /** The model if a cache has all of it; sends no request. */
  public Optional<Path> cached(HubReference reference) {
    return known(reference).flatMap(cache::whole);
  }

  /**
   * A folder with the model's names and shapes: the cached model, or one without its weights
   * assembled from the headers of its files.
   *
   * @throws FetchException if the headers cannot be read within the time that a client waits
   */
  public Path headers(HubReference pinned) {
    return cache.headers(this, pinned, Patience.of(settings.answerWithin()));
  }

  /**
   * The model's folder, downloaded if it is not there. It is not deleted before the result is
   * closed.
   *
   * @param owner whose request it is; null for nobody's
   * @throws FetchException if it cannot be had
   */
  public ModelInUse use(HubReference reference, String owner, DownloadObserver observer) {
    Pinned pinned = pin(reference, Patience.whileWanted(observer::ensureWanted));
    ModelInUse model = cache.use(this, pinned.reference(), pinned.licence(), owner, observer);
    if (model.folder().startsWith(place.cache())) {
      remember(reference, pinned.reference());
    }
    return model;
  }

  private void remember(HubReference reference, HubReference pinned) {
    if (!reference.isPinned()) {
      cache.name(reference.folder(), reference.revision(), pinned.revision());
    }
  }

  /**
   * One file of a data set, downloaded if it is not there. It is not deleted before the result is
   * closed.
   *
   * @param owner whose request it is; null for nobody's
   * @throws FetchException if it cannot be had
   */
  public FileInUse useFile(
      HubReference dataset, DataSetFiles files, String owner, DownloadObserver observer) {
    Pinned pinned = pin(dataset, Patience.whileWanted(observer::ensureWanted));
    FileInUse file =
        cache.useFile(this, pinned.reference(), files, pinned.licence(), owner, observer);
    remember(dataset, pinned.reference());
    return file;
  }

  /** Every commit of a model in the caches. */
  public List<CachedModel> list() {
    return cache.models().stream().flatMap(stored -> model(stored).stream()).toList();
  }

  private static Optional<CachedModel> model(ModelCache.Stored stored) {
    return HubReference.ofFolder(stored.folder())
        .filter(it -> it.type() == HubReference.Type.MODEL)
        .map(
            it ->
                new CachedModel(
                    it.at(stored.revision()), stored.path(), stored.complete(), stored.owned()));
  }

  /** Whether a cache has a commit of the repository. */
  public boolean knows(HubReference reference) {
    return known(reference).isPresent();
  }

  /**
   * Deletes a repository with all its commits from this service's cache; false where it is in use.
   */
  public boolean delete(HubReference repository) {
    return cache.delete(repository.folder());
  }

  @Override
  public void close() throws IOException {
    http.close();
  }
}
