package org.alphaquant.store;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
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
import software.amazon.awssdk.core.sync.RequestBody;

/** The configured stores, and downloads from them. */
public final class Stores implements AutoCloseable {

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
  private static final String LAST = "last";

  private final Map<String, StoreSettings> settings;
  private final ModelCache cache;
  private final Map<String, Store> open = new ConcurrentHashMap<>();

  Stores(Map<String, StoreSettings> settings, ModelCache cache) {
    this.settings = settings;
    this.cache = cache;
  }

  /** Whether any store is configured. */
  public boolean isOn() {
    return !settings.isEmpty();
  }

  /**
   * The store of a place.
   *
   * @throws FetchException if no store has that name
   */
  Store store(StoreAddress address) {
    StoreSettings found = settings.get(address.store());
    if (found == null) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          settings.isEmpty()
              ? "'%s': this service has no stores (alphaquant.stores)".formatted(address)
              : "there is no store '%s'; alphaquant.stores has %s"
                  .formatted(address.store(), String.join(", ", new TreeSet<>(settings.keySet()))));
    }
    return open.computeIfAbsent(address.store(), name -> new Store(name, found));
  }

  private Store readable(StoreAddress address) {
    Store store = store(address);
    if (!store.settings().readable()) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "jobs may not read from the store '%s' (alphaquant.stores.%s.readable)"
              .formatted(address.store(), address.store()));
    }
    return store;
  }

  /**
   * Checks that jobs may read from a place.
   *
   * @throws FetchException if they may not
   */
  public void requireReadable(StoreAddress address) {
    readable(address);
  }

  /**
   * The current revision of a model; the last one seen where the store does not answer.
   *
   * @throws FetchException if there is no model, or no revision is known
   */
  public String revision(StoreAddress model) {
    return version(model, Patience.of(ANSWER_WITHIN)).revision();
  }

  private StoreVersion version(StoreAddress model, Patience patience) {
    Store store = readable(model);
    StoreVersion any = new StoreVersion(StoreVersion.MODELS, model, "");
    try {
      StoreVersion now = StoreOrigin.of(store, model, StoreVersion.MODELS, patience).version();
      cache.name(now.folder(), LAST, now.revision());
      return now;
    } catch (FetchException e) {
      Optional<String> seen = e.isPassing() ? cache.named(any.folder(), LAST) : Optional.empty();
      return new StoreVersion(StoreVersion.MODELS, model, seen.orElseThrow(() -> e));
    }
  }

  /**
   * A folder with the model's names and shapes: the cached model, or one assembled from the headers
   * of its files.
   *
   * @param revision null for what is there now
   * @throws FetchException if it cannot be had within the time that a caller waits
   */
  public Path headers(StoreAddress model, String revision) {
    Patience patience = Patience.of(ANSWER_WITHIN);
    Optional<Path> cached = revision == null ? Optional.empty() : cached(model, revision);
    if (cached.isPresent()) {
      return cached.get();
    }
    StoreOrigin origin = origin(model, revision, patience);
    return cache.headers(origin, origin.version(), patience);
  }

  private Optional<Path> cached(StoreAddress model, String revision) {
    readable(model);
    return cache.whole(new StoreVersion(StoreVersion.MODELS, model, revision));
  }

  private StoreOrigin origin(StoreAddress model, String revision, Patience patience) {
    StoreOrigin origin = StoreOrigin.of(readable(model), model, StoreVersion.MODELS, patience);
    if (revision != null && !origin.version().revision().equals(revision)) {
      throw new FetchException(
          Kind.UNUSABLE,
          "'%s' has changed: it is at revision %s now, not at %s"
              .formatted(model, origin.version().revision(), revision));
    }
    return origin;
  }

  /**
   * The model's folder, downloaded if it is not there. It is not deleted before the result is
   * closed.
   *
   * @param revision that it must be at; null for what is there now
   * @param owner whose request it is; null for nobody's
   * @throws FetchException if it cannot be had
   */
  public ModelInUse use(
      StoreAddress model, String revision, String owner, DownloadObserver observer) {
    Patience patience = Patience.whileWanted(observer::ensureWanted);
    StoreVersion wanted =
        revision == null
            ? version(model, patience)
            : new StoreVersion(StoreVersion.MODELS, model, revision);
    readable(model);
    return cache.use(new Listed(model), wanted, null, owner, observer);
  }

  /** Lists the objects only when a file is missing. */
  private final class Listed implements Origin {
    private final StoreAddress model;
    private StoreOrigin origin;

    Listed(StoreAddress model) {
      this.model = model;
    }

    @Override
    public List<RemoteFile> files(Version version, Patience patience) {
      origin = origin(model, version.revision(), patience);
      return origin.files(version, patience);
    }

    @Override
    public RemoteContent content(Version version, RemoteFile file) {
      return origin.content(version, file);
    }
  }

  /**
   * A file of texts, downloaded if it is not there. It is not deleted before the result is closed.
   *
   * @throws FetchException if it cannot be had
   */
  public FileInUse useFile(StoreAddress file, String owner, DownloadObserver observer) {
    StoreOrigin origin = StoreOrigin.ofFile(readable(file), file, StoreVersion.TEXTS);
    DataSetFiles named = new DataSetFiles(null, null, file.name());
    return cache.useFile(origin, origin.version(), named, null, owner, observer);
  }

  /**
   * Uploads a file of the service's own.
   *
   * @throws FetchException if the store refuses it or does not answer
   */
  public void putFile(StoreAddress address, String sha256, Path file) {
    Store store = store(address);
    store.ask(
        address,
        () ->
            store
                .client()
                .putObject(
                    it ->
                        it.bucket(store.bucket())
                            .key(store.key(address))
                            .metadata(Map.of(StoreOrigin.SHA256, sha256)),
                    RequestBody.fromFile(file)));
  }

  /** Deletes the object if it exists. */
  public void deleteFile(StoreAddress address) {
    Store store = store(address);
    store.delete(store.key(address), address);
  }

  /**
   * A model that came from a store.
   *
   * @param complete whether it has all that a model needs
   */
  public record CachedModel(
      StoreAddress address, String revision, Path folder, boolean complete, boolean owned) {}

  /** Every version of a store's model in the caches. */
  public List<CachedModel> list() {
    return cache.models().stream()
        .flatMap(
            it ->
                StoreVersion.ofFolder(it.folder())
                    .map(
                        address ->
                            new CachedModel(
                                address, it.revision(), it.path(), it.complete(), it.owned()))
                    .stream())
        .toList();
  }

  /** Deletes all versions of a model from the cache; false where one is in use. */
  public boolean delete(StoreAddress model) {
    return cache.delete(new StoreVersion(StoreVersion.MODELS, model, "").folder());
  }

  @Override
  public void close() {
    open.values().forEach(Store::close);
  }
}
