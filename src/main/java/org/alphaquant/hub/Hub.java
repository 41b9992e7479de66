package org.alphaquant.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.alphaquant.hub.HubException.Kind;
import org.alphaquant.hub.Renewals.Held;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Models and data sets by their names on the hub. */
public final class Hub implements AutoCloseable {

  private static final Duration LEASE = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(500);

  private final HubPlace place;
  private final Parts parts;
  private final List<HubCache> readable;
  private final Eviction eviction;

  /** What one download works with. */
  record Parts(
      HubSettings settings,
      HubHttp http,
      HubRequests requests,
      HubCache cache,
      CacheFolders folders,
      CacheRows rows,
      Renewals renewals) {}

  Hub(HubSettings settings, HubPlace place, JdbcClient sql) {
    this(settings, place, sql, LEASE);
  }

  Hub(HubSettings settings, HubPlace place, JdbcClient sql, Duration lease) {
    this.place = place;
    HubHttp http = new HubHttp(settings, place);
    HubCache cache = new HubCache(place.cache());
    CacheFolders folders = CacheFolders.beside(place.cache());
    this.parts =
        new Parts(
            settings,
            http,
            new HubRequests(http, place.endpoint(), settings),
            cache,
            folders,
            new CacheRows(sql, folders, lease),
            new Renewals(lease));
    this.readable =
        Stream.concat(Stream.of(cache), place.caches().stream().map(HubCache::new)).toList();
    this.eviction = new Eviction(cache, parts.rows(), parts.renewals());
  }

  /** Whether anybody may be asked for anything. */
  public boolean isOn() {
    return !parts.settings().allowed().isEmpty();
  }

  /** Whether this repository may be asked for. */
  public boolean allows(HubReference reference) {
    return parts.settings().allowed().stream().anyMatch(it -> matches(it, reference.path()));
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
   * The repository at the commit that its revision is at now. Where the hub does not answer, the
   * commit that a cache knows for it.
   *
   * @throws HubException if it may not be asked for, is not there or cannot be told
   */
  public Pinned pin(HubReference reference) {
    return pin(reference, Patience.of(parts.settings().answerWithin()));
  }

  /**
   * A repository at its commit.
   *
   * @param licence null where it was not asked or says none
   */
  public record Pinned(HubReference reference, String licence) {}

  private Pinned pin(HubReference reference, Patience patience) {
    if (reference.isPinned()) {
      return new Pinned(reference, null);
    }
    Optional<HubReference> known =
        readable.stream().flatMap(cache -> cache.pinned(reference).stream()).findFirst();
    if (place.offline() || !isOn()) {
      return new Pinned(known.orElseThrow(() -> notAsked(reference)), null);
    }
    requireAllowed(reference);
    try {
      HubRequests.Revision revision = parts.requests().resolve(reference, patience);
      return new Pinned(reference.at(revision.commit()), revision.licence());
    } catch (HubException e) {
      if (e.isPassing() && known.isPresent()) {
        return new Pinned(known.get(), null);
      }
      throw e;
    }
  }

  /**
   * Does nothing where the repository may be asked for.
   *
   * @throws HubException if it may not
   */
  public void requireAllowed(HubReference reference) {
    if (place.offline() || !allows(reference)) {
      throw notAsked(reference);
    }
  }

  private HubException notAsked(HubReference reference) {
    String why =
        !isOn()
            ? "this service asks no hub (alphaquant.hub.allowed is empty)"
            : place.offline()
                ? "this service is offline (alphaquant.hub.offline)"
                : "alphaquant.hub.allowed permits %s"
                    .formatted(String.join(", ", parts.settings().allowed()));
    boolean unknown = place.offline() || !isOn();
    return new HubException(
        Kind.NOT_ALLOWED,
        "'%s' %s, and %s"
            .formatted(
                reference.path(), unknown ? "is in no cache here" : "may not be asked for", why));
  }

  /** The model in one of the caches, whole; nobody is asked. */
  public Optional<Path> cached(HubReference reference) {
    for (HubCache cache : readable) {
      Optional<HubReference> pinned = cache.pinned(reference);
      if (pinned.isPresent() && new Completeness(cache).isComplete(pinned.get())) {
        return Optional.of(cache.snapshot(pinned.get()));
      }
    }
    return Optional.empty();
  }

  /**
   * A folder with the model's names and shapes: the cached model, or one without its weights that
   * is put together from the headers of its files.
   *
   * @throws HubException if it cannot be had within the time a caller waits
   */
  public Path headers(HubReference pinned) {
    Optional<Path> cached = cached(pinned);
    if (cached.isPresent()) {
      return cached.get();
    }
    requireAllowed(pinned);
    return new RemoteHeaders(parts, pinned, Patience.of(parts.settings().answerWithin())).folder();
  }

  /**
   * The model's folder, downloaded if it is not there. Nobody deletes it until what is returned is
   * closed.
   *
   * @param owner whose request it is; null for nobody's
   * @throws HubException if it cannot be had
   */
  public ModelInUse use(HubReference reference, String owner, DownloadObserver observer) {
    Patience patience = Patience.whileWanted(observer::ensureWanted);
    Pinned pinned = pin(reference, patience);
    Optional<Path> elsewhere =
        readable.stream()
            .skip(1)
            .filter(cache -> new Completeness(cache).isComplete(pinned.reference()))
            .map(cache -> cache.snapshot(pinned.reference()))
            .findFirst();
    if (elsewhere.isPresent()) {
      return new ModelInUse(pinned.reference(), elsewhere.get(), pinned.licence(), () -> {});
    }
    Held held = hold(pinned.reference(), owner, patience);
    try {
      if (!new Completeness(parts.cache()).isComplete(pinned.reference())) {
        requireAllowed(pinned.reference());
        download(reference, pinned.reference(), owner, observer, patience);
      }
      return new ModelInUse(
          pinned.reference(),
          parts.cache().snapshot(pinned.reference()),
          pinned.licence(),
          held::close);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private Held hold(HubReference pinned, String owner, Patience patience) {
    UUID user = UUID.randomUUID();
    String name = pinned.folder();
    CacheRows rows = parts.rows();
    while (!rows.use(name, user, owner)) {
      patience.await(LOOK);
    }
    return parts.renewals().keep(() -> rows.use(name, user, owner), () -> rows.release(name, user));
  }

  private void download(
      HubReference reference,
      HubReference pinned,
      String owner,
      DownloadObserver observer,
      Patience patience) {
    List<HubFile> all = parts.requests().files(pinned, patience);
    List<HubFile> companions = FileChoice.companions(pinned, all);
    try {
      parts.cache().putFiles(pinned, all);
      Progress small = new Progress(companions.stream().mapToLong(HubFile::size).sum());
      new SnapshotDownload(parts, pinned, small).run(companions, observer);
      List<HubFile> weights =
          FileChoice.weights(pinned, all, Completeness.shards(parts.cache().snapshot(pinned)));
      fetch(pinned, companions, weights, owner, observer);
      parts.cache().putRef(reference, pinned.revision());
    } catch (IOException e) {
      throw new HubException(
          Kind.UNAVAILABLE, "the hub's cache cannot be written: " + HubRequests.reason(e), e);
    } finally {
      parts.rows().measured(pinned.folder(), parts.cache().bytes(pinned));
    }
  }

  private void fetch(
      HubReference pinned,
      List<HubFile> companions,
      List<HubFile> weights,
      String owner,
      DownloadObserver observer) {
    List<HubFile> all = new ArrayList<>(companions);
    all.addAll(weights);
    long missing =
        weights.stream()
            .filter(file -> !parts.cache().has(pinned, file))
            .mapToLong(HubFile::size)
            .sum();
    requireQuota(owner, missing);
    if (parts.settings().maxCacheSize() != null) {
      eviction.makeRoom(missing, parts.settings().maxCacheSize().toBytes());
    }
    Progress progress = new Progress(all.stream().mapToLong(HubFile::size).sum());
    new SnapshotDownload(parts, pinned, progress).run(all, observer);
    observer.progress(progress.now());
  }

  private void requireQuota(String owner, long missing) {
    if (owner == null || parts.settings().maxOwnerSize() == null) {
      return;
    }
    long limit = parts.settings().maxOwnerSize().toBytes();
    long taken = parts.rows().bytesOf(owner);
    if (taken + missing > limit) {
      throw new HubException(
          Kind.NOT_ALLOWED,
          "%d more bytes are needed; '%s' has brought %d of at most %d into the hub's cache (alphaquant.hub.max-owner-size)"
              .formatted(missing, owner, taken, limit));
    }
  }

  /**
   * One file of a data set, downloaded if it is not there. Nobody deletes it until what is returned
   * is closed.
   *
   * @throws HubException if it cannot be had
   */
  public FileInUse useFile(HubReference dataset, DataSetFiles files, DownloadObserver observer) {
    Patience patience = Patience.whileWanted(observer::ensureWanted);
    Pinned pinned = pin(dataset, patience);
    Held held = hold(pinned.reference(), null, patience);
    try {
      HubFile file = file(dataset, pinned.reference(), files, observer, patience);
      return new FileInUse(
          pinned.reference(),
          parts.cache().snapshot(pinned.reference()).resolve(file.path()),
          file.path(),
          pinned.licence(),
          file.sha256(),
          held::close);
    } catch (IOException e) {
      held.close();
      throw new HubException(
          Kind.UNAVAILABLE, "the hub's cache cannot be written: " + HubRequests.reason(e), e);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private HubFile file(
      HubReference dataset,
      HubReference pinned,
      DataSetFiles files,
      DownloadObserver observer,
      Patience patience)
      throws IOException {
    Optional<List<HubFile>> known = parts.cache().files(pinned);
    if (known.isEmpty()) {
      requireAllowed(pinned);
      known = Optional.of(parts.requests().files(pinned, patience));
      parts.cache().putFiles(pinned, known.get());
    }
    HubFile file = files.choose(pinned, known.get());
    if (!parts.cache().has(pinned, file)) {
      requireAllowed(pinned);
      if (parts.settings().maxCacheSize() != null) {
        eviction.makeRoom(file.size(), parts.settings().maxCacheSize().toBytes());
      }
      new SnapshotDownload(parts, pinned, new Progress(file.size())).run(List.of(file), observer);
      parts.rows().measured(pinned.folder(), parts.cache().bytes(pinned));
    }
    parts.cache().putRef(dataset, pinned.revision());
    return file;
  }

  /** Every commit of a model in the caches. */
  public List<CachedModel> list() {
    List<CachedModel> models = new ArrayList<>();
    for (HubCache cache : readable) {
      for (HubReference repository : cache.repositories()) {
        if (repository.type() == HubReference.Type.MODEL) {
          cache.snapshots(repository).forEach(it -> models.add(model(cache, it)));
        }
      }
    }
    return models;
  }

  private CachedModel model(HubCache cache, HubReference pinned) {
    return new CachedModel(
        pinned,
        cache.snapshot(pinned),
        new Completeness(cache).isComplete(pinned),
        cache == parts.cache());
  }

  /** Whether a cache knows a commit of the repository. */
  public boolean knows(HubReference reference) {
    return readable.stream().anyMatch(cache -> cache.pinned(reference).isPresent());
  }

  /** Bytes that all of a repository's commits take in this service's cache. */
  public long bytes(HubReference repository) {
    return parts.cache().bytes(repository);
  }

  /**
   * Deletes a repository with all its commits from this service's cache; false where somebody uses
   * it.
   */
  public boolean delete(HubReference repository) {
    return eviction.delete(repository);
  }

  @Override
  public void close() throws IOException {
    parts.renewals().close();
    parts.http().close();
  }
}
