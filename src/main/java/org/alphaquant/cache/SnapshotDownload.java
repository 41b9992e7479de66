package org.alphaquant.cache;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.alphaquant.cache.FetchException.Kind;
import org.alphaquant.cache.Renewals.Held;

/** Downloads files of one version into the cache, several at once, each by one process only. */
final class SnapshotDownload {

  private static final long MARGIN = 1L << 28;
  private static final Duration LOOK = Duration.ofMillis(200);

  // ENOSPC, EDQUOT, EFBIG: Java passes on only the system's message.
  private static final List<String> FULL =
      List.of("No space left on device", "Disk quota exceeded", "File too large");

  private final Origin origin;
  private final CacheSettings settings;
  private final SnapshotCache cache;
  private final CacheFolders folders;
  private final CacheRows rows;
  private final Renewals renewals;
  private final Version pinned;
  private final Progress progress;
  private volatile boolean stopped;

  SnapshotDownload(ModelCache.Parts parts, Origin origin, Version pinned, Progress progress) {
    this.origin = origin;
    this.settings = parts.settings();
    this.cache = parts.cache();
    this.folders = parts.folders();
    this.rows = parts.rows();
    this.renewals = parts.renewals();
    this.pinned = pinned;
    this.progress = progress;
  }

  /**
   * Downloads every file that the snapshot lacks.
   *
   * @throws FetchException if a file cannot be downloaded
   */
  void run(List<RemoteFile> files, DownloadObserver observer) {
    List<RemoteFile> missing = new ArrayList<>();
    for (RemoteFile file : files) {
      if (cache.has(pinned, file)) {
        progress.found(file.size());
      } else {
        missing.add(file);
      }
    }
    requireUsable(missing);
    missing.sort(Comparator.comparingLong(RemoteFile::size).reversed());
    fetch(missing, observer);
  }

  private void requireUsable(List<RemoteFile> missing) {
    for (RemoteFile file : missing) {
      if (file.size() > RemoteFile.MAX_BYTES) {
        throw new FetchException(
            Kind.UNUSABLE,
            "'%s' of '%s' has %d bytes, over the limit of %d for one file; download it into the cache by other means (of the hub: hf download)"
                .formatted(file.path(), pinned.path(), file.size(), RemoteFile.MAX_BYTES));
      }
    }
    requireRoom(missing.stream().mapToLong(RemoteFile::size).sum());
  }

  private void requireRoom(long needed) {
    try {
      Files.createDirectories(folders.parts());
      FileStore disk = Files.getFileStore(folders.parts());
      if (needed > 0 && disk.getUsableSpace() - MARGIN < needed) {
        throw new FetchException(
            Kind.NO_SPACE,
            "'%s' needs %d more bytes in the cache, whose disk has %d left"
                .formatted(pinned.path(), needed, disk.getUsableSpace()));
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void fetch(List<RemoteFile> missing, DownloadObserver observer) {
    ExecutorService streams =
        Executors.newFixedThreadPool(
            settings.streams(), task -> new Thread(task, "download-" + pinned.folder()));
    try {
      List<Future<?>> tasks = new ArrayList<>();
      missing.forEach(file -> tasks.add(streams.submit(() -> bring(file))));
      for (Future<?> task : tasks) {
        await(task, observer);
      }
    } finally {
      stopped = true;
      streams.shutdownNow();
      awaitEnd(streams);
    }
  }

  // Threads that read from the network check at least once per idle timeout.
  private void awaitEnd(ExecutorService streams) {
    try {
      streams.awaitTermination(settings.silence().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await(Future<?> task, DownloadObserver observer) {
    while (true) {
      observer.ensureWanted();
      observer.progress(progress.now());
      try {
        task.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException goesOn) {
        // Checks for cancellation, then waits on.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FetchException(Kind.UNAVAILABLE, "the download was interrupted", e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException reason
            ? reason
            : new FetchException(Kind.UNAVAILABLE, "a download failed", e.getCause());
      }
    }
  }

  private void ensureGoing() {
    if (stopped || Thread.currentThread().isInterrupted()) {
      throw new CancellationException("the download was interrupted");
    }
  }

  /** Downloads one file, or waits until another process has downloaded it. */
  private void bring(RemoteFile file) {
    String name = pinned.folder() + "/" + file.etag();
    Patience patience = Patience.whileWanted(this::ensureGoing);
    try {
      boolean own = false;
      while (!isThere(file)) {
        UUID holder = UUID.randomUUID();
        if (rows.claimDownload(name, holder)) {
          own = downloaded(file, name, holder);
        } else {
          patience.await(LOOK);
        }
      }
      progress.found(own ? 0 : file.size());
      cache.link(pinned, file);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Downloads the file; false where another process has taken over. */
  private boolean downloaded(RemoteFile file, String name, UUID holder) throws IOException {
    try (Held held =
        renewals.keep(
            () -> rows.renewDownload(name, holder), () -> rows.releaseDownload(name, holder))) {
      try {
        if (!isThere(file)) {
          download(file, holder, held);
          return true;
        }
      } catch (FetchException e) {
        if (!held.isLost()) {
          throw e;
        }
      }
      return false;
    }
  }

  private boolean isThere(RemoteFile file) throws IOException {
    Path blob = cache.blob(pinned, file);
    return Files.isRegularFile(blob) && Files.size(blob) == file.size();
  }

  private void download(RemoteFile file, UUID holder, Held held) throws IOException {
    Patience patience =
        Patience.whileWanted(
            () -> {
              ensureGoing();
              if (held.isLost()) {
                throw new FetchException(
                    Kind.UNAVAILABLE,
                    "the download of '%s' was taken over by another process"
                        .formatted(file.path()));
              }
            });
    PartFile part = new PartFile(folders.parts(), pinned, file, holder);
    try (part) {
      part.adopt(progress::found);
      new FileDownload(
              settings, pinned, file, origin.content(pinned, file), part, progress, patience)
          .run();
      patience.within(LOOK);
      cache.putBlob(pinned, file, part.path());
    } catch (IOException full) {
      part.delete();
      throw full;
    } catch (FetchException refused) {
      if (!refused.isPassing()) {
        part.delete();
      }
      throw refused;
    }
  }

  private FetchException unwritable(IOException e) {
    boolean full = FULL.stream().anyMatch(String.valueOf(e.getMessage())::contains);
    return new FetchException(
        full ? Kind.NO_SPACE : Kind.UNAVAILABLE,
        full
            ? "the disk of the cache is full"
            : "the cache cannot be written: " + FetchException.reason(e),
        e);
  }
}
