package org.alphaquant.store;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.alphaquant.cache.DownloadObserver;
import org.alphaquant.cache.FetchException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Progress;
import org.alphaquant.cache.TransferInterruption;
import org.alphaquant.job.JobResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.support.TransactionOperations;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Results in stores. The manifest is uploaded last; a folder without one is no result. */
public final class StoredResults {

  /** The name of the manifest. */
  public static final String MANIFEST = "alphaquant-manifest.json";

  private static final Logger log = LoggerFactory.getLogger(StoredResults.class);
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MOST_MANIFEST = 16 << 20;
  private static final int PRECONDITION_FAILED = 412;
  private static final int NOT_IMPLEMENTED = 501;

  private final Stores stores;
  private final StoreRows rows;
  private final TransactionOperations transaction;
  private final ResultSettings settings;

  StoredResults(
      Stores stores, StoreRows rows, TransactionOperations transaction, ResultSettings settings) {
    this.transaction = transaction;
    this.stores = stores;
    this.rows = rows;
    this.settings = settings;
  }

  /**
   * Where a job's result goes; empty where it stays in the data directory.
   *
   * @param asked the job's {@code output.location}; null without one
   * @throws FetchException if jobs may not write there
   */
  public Optional<StoreAddress> location(UUID job, String asked) {
    if (asked == null) {
      return StoreAddress.parse(settings.location()).map(it -> it.below(job.toString()));
    }
    StoreAddress address =
        StoreAddress.parse(asked)
            .orElseThrow(
                () ->
                    new FetchException(
                        Kind.NOT_ALLOWED, "'%s' must be s3://store/path".formatted(asked)));
    if (address.path().isEmpty()) {
      throw new FetchException(
          Kind.NOT_ALLOWED, "'%s' must name a place in the store".formatted(asked));
    }
    if (!stores.store(address).settings().writable()) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "jobs may not write to the store '%s' (alphaquant.stores.%s.writable)"
              .formatted(address.store(), address.store()));
    }
    return Optional.of(address);
  }

  /**
   * Checks that no other job has a result at that place.
   *
   * @param job null before it is created
   * @throws FetchException if another has, or the store does not answer
   */
  public void requireFree(StoreAddress location, UUID job) {
    Optional<String> other = holder(location).filter(it -> !it.equals(String.valueOf(job)));
    if (other.isPresent()) {
      throw new FetchException(
          Kind.NOT_ALLOWED,
          "'%s' holds the result of job %s; name another place, or delete it"
              .formatted(location, other.get()));
    }
  }

  /** The job whose result lies there. */
  private Optional<String> holder(StoreAddress location) {
    StoreAddress manifest = location.below(MANIFEST);
    Store store = stores.store(location);
    if (store.head(store.key(manifest), manifest).isEmpty()) {
      return Optional.empty();
    }
    try (var part = store.open(store.key(manifest), manifest, 0, -1, null)) {
      JsonNode stored = JSON.readTree(part.bytes().readNBytes(MOST_MANIFEST));
      return Optional.of(stored.path("job").asString("an unknown job"));
    } catch (TransferInterruption | IOException e) {
      throw new FetchException(Kind.UNAVAILABLE, "'%s' cannot be read".formatted(manifest), e);
    } catch (JacksonException notOurs) {
      return Optional.of("an unknown job");
    }
  }

  /**
   * Uploads a result, its manifest last, skipping what an earlier attempt has uploaded.
   *
   * @throws FetchException if the store refuses it or does not answer
   * @throws IOException if a file cannot be read
   */
  public void put(
      UUID job,
      long attempt,
      StoreAddress location,
      Path folder,
      List<JobResult.Artifact> files,
      DownloadObserver observer)
      throws IOException {
    requireFree(location, job);
    Store store = stores.store(location);
    // A manifest left by an earlier attempt must not describe files that change now.
    store.delete(store.key(location.below(MANIFEST)), location);
    List<String> names = new ArrayList<>(files.stream().map(JobResult.Artifact::name).toList());
    names.add(MANIFEST);
    rows.add(job, location, names);
    send(job, location, folder, files, observer);
    observer.ensureWanted();
    commit(store, job, attempt, location, files);
  }

  private void send(
      UUID job,
      StoreAddress location,
      Path folder,
      List<JobResult.Artifact> files,
      DownloadObserver observer)
      throws IOException {
    Store store = stores.store(location);
    Progress progress = new Progress(files.stream().mapToLong(JobResult.Artifact::bytes).sum());
    ExecutorService threads =
        Executors.newFixedThreadPool(
            store.settings().streams(), task -> new Thread(task, "upload-" + job));
    Runnable tick =
        () -> {
          observer.ensureWanted();
          observer.progress(progress.now());
        };
    try {
      for (JobResult.Artifact file : files) {
        new FileUpload(
                store,
                rows,
                job,
                location.below(file.name()),
                folder.resolve(file.name()),
                file.bytes(),
                file.sha256())
            .run(new FileUpload.Sender(threads, tick, progress::fetched));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void commit(
      Store store, UUID job, long attempt, StoreAddress location, List<JobResult.Artifact> files) {
    Map<String, Object> manifest =
        Map.of("version", 1, "job", job.toString(), "attempt", attempt, "files", files);
    byte[] bytes =
        JSON.writerWithDefaultPrettyPrinter()
            .writeValueAsString(manifest)
            .getBytes(StandardCharsets.UTF_8);
    StoreAddress place = location.below(MANIFEST);
    try {
      putManifest(store, place, bytes, true);
    } catch (S3Exception e) {
      if (e.statusCode() == PRECONDITION_FAILED) {
        throw new FetchException(
            Kind.NOT_ALLOWED, "another result was put at '%s' meanwhile".formatted(location), e);
      }
      if (e.statusCode() != NOT_IMPLEMENTED) {
        throw store.refusal(e, place);
      }
      // The store knows no conditional requests; that the place is free was checked before.
      store.ask(place, () -> putManifest(store, place, bytes, false));
    } catch (SdkException e) {
      throw store.refusal(e, place);
    }
  }

  private static PutObjectResponse putManifest(
      Store store, StoreAddress place, byte[] bytes, boolean onlyWhereNone) {
    return store
        .client()
        .putObject(
            it ->
                it.bucket(store.bucket())
                    .key(store.key(place))
                    .contentType("application/json")
                    .ifNoneMatch(onlyWhereNone ? "*" : null),
            RequestBody.fromBytes(bytes));
  }

  /**
   * The folder in a store for a job's finished layers; empty without one.
   *
   * @param ensureWanted throws to end a transfer that is no longer wanted
   */
  public Optional<StoredFolder> layers(UUID job, Runnable ensureWanted) {
    return StoreAddress.parse(settings.layers())
        .map(it -> it.below(job.toString()))
        .map(it -> new StoredFolder(stores.store(it), rows, job, it, ensureWanted));
  }

  /** Whether a row's folder of a result is in a store. */
  public static boolean isStored(String artifactDirectory) {
    return StoreAddress.is(artifactDirectory);
  }

  /**
   * A file of a result.
   *
   * @return empty where it is gone or has changed
   * @throws FetchException if the store does not answer
   */
  public Optional<StoredArtifact> find(String artifactDirectory, JobResult.Artifact artifact) {
    StoreAddress place = StoreAddress.of(artifactDirectory).below(artifact.name());
    Store store = stores.store(place);
    Optional<HeadObjectResponse> head = store.head(store.key(place), place);
    return head.filter(
            it ->
                it.contentLength() == artifact.bytes()
                    && artifact.sha256().equals(it.metadata().get(StoreOrigin.SHA256)))
        .map(it -> new StoredArtifact(store, place, artifact, it));
  }

  /** The presigned URL of a file for a client; empty where this service streams it. */
  public Optional<URI> link(StoredArtifact artifact) {
    return settings.redirect()
        ? Optional.of(artifact.link(settings.redirectFor()))
        : Optional.empty();
  }

  /** Deletes what ended jobs no longer need in stores; returns whether there was anything. */
  boolean sweep(double keepSeconds, int limit) {
    boolean deleted = false;
    for (StoreRows.Stored forgotten : rows.forgotten(keepSeconds, limit)) {
      deleted |= Boolean.TRUE.equals(transaction.execute(status -> swept(forgotten, keepSeconds)));
    }
    return deleted;
  }

  // The row stays locked, so that no retry uploads where files are being deleted.
  private boolean swept(StoreRows.Stored forgotten, double keepSeconds) {
    try {
      boolean ours = rows.lockForgotten(forgotten, keepSeconds);
      if (ours) {
        delete(forgotten);
      }
      return ours;
    } catch (FetchException e) {
      log.warn("{} stays for the next sweep: {}", forgotten.location(), e.getMessage());
      return false;
    }
  }

  private void delete(StoreRows.Stored stored) {
    Store store = stores.store(stored.location());
    List<String> names = new ArrayList<>(stored.files());
    // The manifest first: a half-deleted folder is no result.
    names.sort((a, b) -> Boolean.compare(b.equals(MANIFEST), a.equals(MANIFEST)));
    for (String name : names) {
      StoreAddress place = stored.location().below(name);
      store.delete(store.key(place), place);
    }
    for (StoreRows.Upload upload : rows.uploads(stored.job(), stored.location())) {
      FileUpload.abort(store, upload);
      rows.end(stored.job(), upload);
    }
    rows.remove(stored);
  }
}
