package org.alphaquant.cache;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Renewals.Held;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * One writable cache and any number of read-only ones. Each file is downloaded by one process only;
 * a repository is kept while a process uses it and may be evicted afterwards.
 */
public final class ModelCache implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(200);

  private final Parts parts;
  private final List<SnapshotCache> readable;
  private final Eviction eviction;

  /** The collaborators of a download. */
  record Parts(
      CacheSettings settings,
      SnapshotCache cache,
      CacheFolders folders,
      CacheRows rows,
      Renewals renewals) {}

  /**
   * @param folder the writable cache
   * @param others read-only caches
   * @param lease how long a lease lasts after its last renewal
   */
  public ModelCache(
      CacheSettings settings, Path folder, List<Path> others, JdbcClient sql, Duration lease) {
    SnapshotCache cache = new SnapshotCache(folder);
    CacheFolders folders = CacheFolders.beside(folder);
    this.parts =
        new Parts(
            settings, cache, folders, new CacheRows(sql, folders, lease), new Renewals(lease));
    this.readable =
        Stream.concat(Stream.of(cache), others.stream().map(SnapshotCache::new)).toList();
    this.eviction = new Eviction(cache, parts.rows(), parts.renewals());
  }

  /** The revision that a cache has recorded for a branch or tag. */
  public Optional<String> named(String folder, String name) {
    return readable.stream().flatMap(cache -> cache.named(folder, name).stream()).findFirst();
  }

  /** The version if a cache has all of it; sends no request. */
  public Optional<Path> whole(Version version) {
    return readable.stream()
        .filter(cache -> new Completeness(cache).isComplete(version))
        .map(cache -> cache.snapshot(version))
        .findFirst();
  }

  /**
   * A folder with the model's names and shapes: the cached model, or one without its weights
   * assembled from the headers of its files.
   *
   * @throws FetchException if it cannot be had
   */
  public Path headers(Origin origin, Version model, Patience patience) {
    return whole(model)
        .orElseGet(
            () ->
                new RemoteHeaders(origin, parts.folders().headers(model), model, patience)
                    .folder());
  }

  /**
   * The model's folder, downloaded if it is not there. It is not deleted before the result is
   * closed.
   *
   * @param licence as its origin names it; null where it names none
   * @param owner whose request it is; null for nobody's
   * @throws FetchException if it cannot be had
   */
  public ModelInUse use(
      Origin origin, Version model, String licence, String owner, DownloadObserver observer) {
    Optional<Path> elsewhere =
        whole(model).filter(folder -> !folder.startsWith(parts.cache().root()));
    if (elsewhere.isPresent()) {
      return new ModelInUse(model, elsewhere.get(), licence, () -> {});
    }
    Patience patience = Patience.whileWanted(observer::ensureWanted);
    Held held = hold(model, owner, patience);
    try {
      if (!new Completeness(parts.cache()).isComplete(model)) {
        download(origin, model, owner, observer, patience);
      }
      return new ModelInUse(model, parts.cache().snapshot(model), licence, held::close);
    } catch (IOException e) {
      held.close();
      throw unwritable(e);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private Held hold(Version version, String owner, Patience patience) {
    UUID user = UUID.randomUUID();
    String name = version.folder();
    CacheRows rows = parts.rows();
    while (!rows.use(name, user, owner)) {
      patience.await(LOOK);
    }
    return parts.renewals().keep(() -> rows.use(name, user, owner), () -> rows.release(name, user));
  }

  private static FetchException unwritable(IOException e) {
    return new FetchException(
        Kind.UNAVAILABLE, "the cache cannot be written: " + FetchException.reason(e), e);
  }

  private void download(
      Origin origin, Version model, String owner, DownloadObserver observer, Patience patience)
      throws IOException {
    List<RemoteFile> all = origin.files(model, patience);
    List<RemoteFile> companions = FileChoice.companions(model, all);
    try {
      parts.cache().putFiles(model, all);
      Progress small = new Progress(companions.stream().mapToLong(RemoteFile::size).sum());
      new SnapshotDownload(parts, origin, model, small).run(companions, observer);
      List<RemoteFile> wanted = new ArrayList<>(companions);
      wanted.addAll(
          FileChoice.weights(model, all, Completeness.shards(parts.cache().snapshot(model))));
      fetch(origin, model, wanted, owner, observer);
    } finally {
      parts.rows().measured(model.folder(), parts.cache().bytes(model.folder()));
    }
  }

  private void fetch(
      Origin origin,
      Version version,
      List<RemoteFile> wanted,
      String owner,
      DownloadObserver observer) {
    long missing =
        wanted.stream()
            .filter(file -> !parts.cache().has(version, file))
            .mapToLong(RemoteFile::size)
            .sum();
    requireQuota(owner, missing);
    if (missing > 0 && parts.settings().maxSize() != null) {
      eviction.makeRoom(missing, parts.settings().maxSize().toBytes());
    }
    Progress progress = new Progress(wanted.stream().mapToLong(RemoteFile::size).sum());
    new SnapshotDownload(parts, origin, version, progress).run(wanted, observer);
    observer.progress(progress.now());
  }

  private void requireQuota(String owner, long missing) {
    if (owner == null || missing == 0 || parts.settings().maxOwnerSize() == null) {
      return;
    }
    long limit = parts.settings().maxOwnerSize().toBytes();
    long taken = parts.rows().bytesOf(owner);
    if (taken + missing > limit) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "%d more bytes are needed; '%s' has downloaded %d of at most %d into the cache (alphaquant.hub.max-owner-size)"
              .formatted(missing, owner, taken, limit));
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
      Origin origin,
      Version dataset,
      DataSetFiles files,
      String licence,
      String owner,
      DownloadObserver observer) {
    Patience patience = Patience.whileWanted(observer::ensureWanted);
    Held held = hold(dataset, owner, patience);
    try {
      RemoteFile file = files.choose(dataset, files(origin, dataset, patience));
      fetch(origin, dataset, List.of(file), owner, observer);
      parts.rows().measured(dataset.folder(), parts.cache().bytes(dataset.folder()));
      Path path = parts.cache().snapshot(dataset).resolve(file.path());
      return new FileInUse(dataset, path, file.path(), licence, file.sha256(), held::close);
    } catch (IOException e) {
      held.close();
      throw unwritable(e);
    } catch (RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private List<RemoteFile> files(Origin origin, Version dataset, Patience patience)
      throws IOException {
    Optional<List<RemoteFile>> known = parts.cache().files(dataset);
    if (known.isPresent()) {
      return known.get();
    }
    List<RemoteFile> all = origin.files(dataset, patience);
    parts.cache().putFiles(dataset, all);
    return all;
  }

  /** Records the revision of a branch or tag, for when its origin does not answer. */
  public void name(String folder, String name, String revision) {
    try {
      parts.cache().name(folder, name, revision);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * A version in a cache.
   *
   * @param complete whether it has all that a model needs
   * @param owned whether it lies in the writable cache
   */
  public record Stored(
      String folder, String revision, Path path, boolean complete, boolean owned) {}

  /** Every version of a model in the caches. */
  public List<Stored> models() {
    List<Stored> models = new ArrayList<>();
    for (SnapshotCache cache : readable) {
      for (String folder : cache.folders()) {
        if (folder.startsWith("models--") || folder.startsWith("stores--")) {
          cache.revisions(folder).forEach(it -> models.add(stored(cache, folder, it)));
        }
      }
    }
    return models;
  }

  private Stored stored(SnapshotCache cache, String folder, String revision) {
    Version version = new Known(folder, revision, folder);
    return new Stored(
        folder,
        revision,
        cache.snapshot(version),
        new Completeness(cache).isComplete(version),
        cache == parts.cache());
  }

  private record Known(String folder, String revision, String path) implements Version {}

  /** Deletes all versions of a folder from the writable cache; false where one is in use. */
  public boolean delete(String folder) {
    return eviction.delete(folder);
  }

  /** The limits of downloads. */
  public CacheSettings settings() {
    return parts.settings();
  }

  @Override
  public void close() {
    parts.renewals().close();
  }
}
