package org.alphaquant.fetch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alphaquant.cache.FetchException;
import org.alphaquant.fetch.ModelDownloads.ModelDownload;
import org.alphaquant.hub.CachedModel;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.job.JobProgress;
import org.alphaquant.job.RefusedException;
import org.alphaquant.job.SourceAwayException;
import org.alphaquant.job.library.ModelLibrary;
import org.alphaquant.job.library.ModelRequest;
import org.alphaquant.job.library.StoredModel;
import org.alphaquant.problem.Problem;
import org.alphaquant.source.AllowedRoots;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;

/** Models below the roots, in the caches and being downloaded. */
final class Library implements ModelLibrary {

  private static final String CACHE = "cache";
  private static final int MAX_DEPTH = 4;
  private static final int MAX_MODELS = 10_000;

  private final Hub hub;
  private final Stores stores;
  private final AllowedRoots roots;
  private final ModelDownloads downloads;

  Library(Hub hub, Stores stores, AllowedRoots roots, ModelDownloads downloads) {
    this.hub = hub;
    this.stores = stores;
    this.roots = roots;
    this.downloads = downloads;
  }

  @Override
  public List<StoredModel> list() {
    List<StoredModel> models = new ArrayList<>();
    roots.roots().forEach(root -> addBelow(root, models));
    List<StoredModel> arriving = downloads.list().stream().map(Library::onItsWay).toList();
    Stream.concat(
            hub.list().stream().map(Library::cached), stores.list().stream().map(Library::cached))
        .filter(model -> arriving.stream().noneMatch(it -> isPartOf(model, it)))
        .forEach(models::add);
    models.addAll(arriving);
    return models;
  }

  /** A model that is being downloaded is listed once, with its progress. */
  private static boolean isPartOf(StoredModel cached, StoredModel arriving) {
    return cached.source().equals(CACHE)
        && cached.state().equals("incomplete")
        && cached.model().equals(arriving.model())
        && cached.revision().equals(arriving.revision());
  }

  private static void addBelow(Path root, List<StoredModel> models) {
    if (!Files.isDirectory(root)) {
      return;
    }
    try (Stream<Path> files = Files.walk(root, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      files
          .filter(file -> file.endsWith("config.json"))
          .map(Path::getParent)
          .filter(folder -> !folder.equals(root) && !isOfCache(root, folder))
          .sorted()
          .limit(MAX_MODELS)
          .forEach(folder -> models.add(belowRoot(root, folder)));
    } catch (IOException | UncheckedIOException unreadable) {
      // A folder that cannot be listed can still be named in a job, which is refused with the
      // reason.
    }
  }

  private static boolean isOfCache(Path root, Path folder) {
    return HubReference.ofFolder(root.relativize(folder).getName(0).toString()).isPresent();
  }

  private static StoredModel belowRoot(Path root, Path folder) {
    ModelFacts facts = ModelFacts.of(folder);
    String name = root.relativize(folder).toString().replace('\\', '/');
    return new StoredModel(
        name, "root", null, "present", facts.family(), facts.bytes(), facts.licence(), null, null);
  }

  private static StoredModel cached(CachedModel model) {
    String name = model.reference().id();
    String revision = model.reference().revision();
    return cached(name, revision, model.folder(), model.complete(), model.owned());
  }

  private static StoredModel cached(Stores.CachedModel model) {
    String name = model.address().toString();
    return cached(name, model.revision(), model.folder(), model.complete(), model.owned());
  }

  private static StoredModel cached(
      String name, String revision, Path folder, boolean complete, boolean owned) {
    ModelFacts facts = ModelFacts.of(folder);
    return new StoredModel(
        name,
        owned ? CACHE : "shared-cache",
        revision,
        complete ? "present" : "incomplete",
        facts.family(),
        facts.bytes(),
        facts.licence(),
        null,
        null);
  }

  private static StoredModel onItsWay(ModelDownload download) {
    String state =
        switch (download.state()) {
          case "QUEUED" -> "queued";
          case "RUNNING" -> "downloading";
          default -> "failed";
        };
    return new StoredModel(
        download.model(),
        CACHE,
        download.revision(),
        state,
        null,
        download.bytes(),
        null,
        new JobProgress.Transfer(
            download.bytes(), download.totalBytes(), download.bytesPerSecond()),
        download.error());
  }

  @Override
  public StoredModel fetch(ModelRequest request, String owner) {
    try {
      Optional<StoreAddress> stored = StoreAddress.parse(request.model());
      if (stored.isPresent()) {
        return fetch(stored.get(), owner);
      }
      Hub.Pinned pinned = hub.pin(reference(request));
      HubReference model = pinned.reference();
      Optional<StoredModel> there =
          hub.list().stream()
              .filter(it -> it.complete() && it.reference().equals(model))
              .findFirst()
              .map(Library::cached);
      return there.orElseGet(() -> onItsWay(asked(model, owner)));
    } catch (FetchException e) {
      if (e.isPassing()) {
        throw new SourceAwayException(e.getMessage(), e);
      }
      throw new RefusedException(
          List.of(Problem.error("unknown-model", "/model", request.model(), e.getMessage())));
    }
  }

  private StoredModel fetch(StoreAddress model, String owner) {
    String revision = stores.revision(model);
    return stores.list().stream()
        .filter(it -> it.complete() && it.address().equals(model) && it.revision().equals(revision))
        .findFirst()
        .map(Library::cached)
        .orElseGet(() -> onItsWay(downloads.put(model.toString(), revision, owner)));
  }

  private ModelDownload asked(HubReference model, String owner) {
    hub.requireAllowed(model);
    return downloads.put(model.id(), model.revision(), owner);
  }

  private static HubReference reference(ModelRequest request) {
    Optional<HubReference> named = HubReference.parse(request.model());
    if (named.isEmpty()) {
      return HubReference.model(request.model(), request.revision());
    }
    return request.revision() == null ? named.get() : named.get().at(request.revision());
  }

  @Override
  public Deletion delete(String model) {
    boolean stopped = downloads.cancel(model);
    List<StoredModel> copies = list().stream().filter(it -> it.model().equals(model)).toList();
    if (copies.stream().anyMatch(it -> it.source().equals(CACHE))) {
      return deleteFromCache(model) ? Deletion.DELETED : Deletion.IN_USE;
    }
    if (stopped) {
      return Deletion.DELETED;
    }
    return copies.isEmpty() ? Deletion.NOT_THERE : Deletion.NOT_OWNED;
  }

  private boolean deleteFromCache(String model) {
    return StoreAddress.is(model)
        ? stores.delete(StoreAddress.of(model))
        : hub.delete(HubReference.model(model, null));
  }
}
