package org.alphaquant.fetch;

import java.util.Optional;
import org.alphaquant.cache.DataSetFiles;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FileInUse;
import org.alphaquant.fetch.KnownDataSets.Known;
import org.alphaquant.hub.Hub;
import org.alphaquant.hub.HubReference;
import org.alphaquant.job.FetchedSource;
import org.alphaquant.job.TextRequest;
import org.alphaquant.source.AllowedRoots;
import org.alphaquant.source.SourceException;
import org.alphaquant.store.StoreAddress;
import org.alphaquant.store.Stores;
import org.alphaquant.upload.UploadedFile;
import org.alphaquant.upload.Uploads;

/** Finds and downloads the texts of jobs that are not below an allowed root. */
final class Texts {

  private final Hub hub;
  private final Stores stores;
  private final AllowedRoots roots;
  private final Uploads uploads;
  private final Optional<StoredUploads> elsewhere;

  /**
   * @param elsewhere the store of uploaded files; empty where they are on this machine
   */
  Texts(
      Hub hub,
      Stores stores,
      AllowedRoots roots,
      Uploads uploads,
      Optional<StoredUploads> elsewhere) {
    this.elsewhere = elsewhere;
    this.stores = stores;
    this.uploads = uploads;
    this.hub = hub;
    this.roots = roots;
  }

  /** A downloaded text, kept until it is closed. */
  record Brought(FetchedSource source, Runnable release) implements AutoCloseable {
    @Override
    public void close() {
      release.run();
    }
  }

  /**
   * Whether the texts of this name have to be downloaded first.
   *
   * @throws SourceException if they have to be, but must not
   */
  boolean isRemote(String name) {
    if (name.startsWith(Uploads.SCHEME)) {
      uploaded(name);
      return true;
    }
    try {
      Optional<StoreAddress> stored = StoreAddress.parse(name);
      if (stored.isPresent()) {
        stores.requireReadable(stored.get());
        return true;
      }
      Optional<HubReference> dataset = dataset(name);
      dataset.filter(it -> !hub.knows(it)).ifPresent(hub::requireAllowed);
      return dataset.isPresent();
    } catch (FetchException e) {
      throw new SourceException(e.getMessage());
    }
  }

  private UploadedFile uploaded(String name) {
    return uploads
        .find(name)
        .orElseThrow(
            () -> new SourceException("there is no uploaded file '%s' (any more)".formatted(name)));
  }

  /** A file below a root takes precedence over a known data set's short name. */
  private Optional<HubReference> dataset(String name) {
    Optional<HubReference> named = HubReference.parse(name);
    if (named.isPresent()) {
      return named.map(Texts::asDataset);
    }
    return isBelowRoot(name)
        ? Optional.empty()
        : KnownDataSets.named(name)
            .map(it -> new HubReference(HubReference.Type.DATASET, it.id(), "main"));
  }

  private static HubReference asDataset(HubReference reference) {
    if (reference.type() != HubReference.Type.DATASET) {
      throw new SourceException(
          "'%s' is a model; texts are in data sets: hf://datasets/org/name".formatted(reference));
    }
    return reference;
  }

  private boolean isBelowRoot(String name) {
    try {
      roots.file(name);
      return true;
    } catch (SourceException notThere) {
      return false;
    }
  }

  /**
   * Downloads a file; empty where it lies below a root.
   *
   * @param owner whose job it is for
   * @throws FetchException if it cannot be had
   */
  Optional<Brought> bring(TextRequest source, String owner, DownloadObserver observer) {
    Optional<StoreAddress> stored = StoreAddress.parse(source.source());
    if (stored.isPresent()) {
      return Optional.of(brought(stores.useFile(stored.get(), owner, observer)));
    }
    if (source.source().startsWith(Uploads.SCHEME)) {
      return Optional.of(uploaded(uploaded(source.source()), owner, observer));
    }
    return dataset(source.source()).map(dataset -> bring(dataset, source, owner, observer));
  }

  private Brought uploaded(UploadedFile file, String owner, DownloadObserver observer) {
    String origin = file.source() + "/" + file.name();
    if (elsewhere.isEmpty()) {
      String path = uploads.path(file).toString();
      return new Brought(new FetchedSource(path, origin, null, file.sha256()), () -> {});
    }
    StoreAddress address = elsewhere.get().address(file.id(), file.name());
    FileInUse here = stores.useFile(address, owner, observer);
    return new Brought(
        new FetchedSource(here.path().toString(), origin, null, file.sha256()), here::close);
  }

  private Brought bring(
      HubReference dataset, TextRequest source, String owner, DownloadObserver observer) {
    Optional<Known> known = KnownDataSets.withId(dataset.id());
    DataSetFiles files =
        new DataSetFiles(
            source.config() == null ? known.map(Known::config).orElse(null) : source.config(),
            source.split() == null ? known.map(Known::split).orElse(null) : source.split(),
            source.file() == null && source.config() == null && source.split() == null
                ? known.map(Known::file).orElse(null)
                : source.file());
    return brought(hub.useFile(dataset, files, owner, observer));
  }

  private static Brought brought(FileInUse file) {
    return new Brought(
        new FetchedSource(
            file.path().toString(),
            file.version() + "/" + file.name(),
            file.licence(),
            file.sha256()),
        file::close);
  }
}
