package org.alphaquant.hub;

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
import org.alphaquant.hub.HubException.Kind;
import org.alphaquant.hub.Renewals.Held;

/** Brings files of one commit into the cache, several at once, each by one process only. */
final class SnapshotDownload {

  private static final long MARGIN = 1L << 28;
  private static final Duration LOOK = Duration.ofMillis(500);

  private final HubHttp http;
  private final HubRequests requests;
  private final HubSettings settings;
  private final HubCache cache;
  private final CacheFolders folders;
  private final CacheRows rows;
  private final Renewals renewals;
  private final HubReference pinned;
  private final Progress progress;
  private volatile boolean stopped;

  SnapshotDownload(Hub.Parts hub, HubReference pinned, Progress progress) {
    this.http = hub.http();
    this.requests = hub.requests();
    this.settings = hub.settings();
    this.cache = hub.cache();
    this.folders = hub.folders();
    this.rows = hub.rows();
    this.renewals = hub.renewals();
    this.pinned = pinned;
    this.progress = progress;
  }

  /**
   * Returns when all files are in the snapshot.
   *
   * @throws HubException if one cannot be had
   */
  void run(List<HubFile> files, DownloadObserver observer) {
    List<HubFile> missing = new ArrayList<>();
    for (HubFile file : files) {
      if (cache.has(pinned, file)) {
        progress.found(file.size());
      } else {
        missing.add(file);
      }
    }
    requireUsable(missing);
    missing.sort(Comparator.comparingLong(HubFile::size).reversed());
    fetch(missing, observer);
  }

  private void requireUsable(List<HubFile> missing) {
    for (HubFile file : missing) {
      if (file.size() > HubFile.MAX_BYTES) {
        throw new HubException(
            Kind.UNUSABLE,
            "'%s' has %d bytes, over the limit of %d for a download over plain HTTP; fetch it with the hub's own client (hf download %s) into the cache"
                .formatted(file.path(), file.size(), HubFile.MAX_BYTES, pinned.id()));
      }
    }
    requireRoom(missing.stream().mapToLong(HubFile::size).sum());
  }

  private void requireRoom(long needed) {
    try {
      Files.createDirectories(folders.parts());
      FileStore disk = Files.getFileStore(folders.parts());
      if (needed > 0 && disk.getUsableSpace() - MARGIN < needed) {
        throw new HubException(
            Kind.NO_SPACE,
            "'%s' needs %d more bytes in the hub's cache, whose disk has %d left"
                .formatted(pinned.path(), needed, disk.getUsableSpace()));
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void fetch(List<HubFile> missing, DownloadObserver observer) {
    ExecutorService streams =
        Executors.newFixedThreadPool(
            settings.streams(), task -> new Thread(task, "hub-" + pinned.id()));
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

  // Threads that read from the network look up at least every idle timeout.
  private void awaitEnd(ExecutorService streams) {
    try {
      streams.awaitTermination(
          settings.idleTimeout().plus(settings.connectTimeout()).toMillis(), TimeUnit.MILLISECONDS);
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
        // Looks whether it is still wanted, and waits on.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HubException(Kind.UNAVAILABLE, "the download was broken off", e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException reason
            ? reason
            : new HubException(Kind.UNAVAILABLE, "a download failed", e.getCause());
      }
    }
  }

  private void ensureGoing() {
    if (stopped || Thread.currentThread().isInterrupted()) {
      throw new CancellationException("the download was broken off");
    }
  }

  /** Brings one file, or waits until whoever brings it has done so. */
  private void bring(HubFile file) {
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

  /** Whether this process brought the file; it did not where another one has taken over. */
  private boolean downloaded(HubFile file, String name, UUID holder) throws IOException {
    try (Held held =
        renewals.keep(
            () -> rows.renewDownload(name, holder), () -> rows.releaseDownload(name, holder))) {
      try {
        if (!isThere(file)) {
          download(file, holder, held);
          return true;
        }
      } catch (HubException e) {
        if (!held.isLost()) {
          throw e;
        }
      }
      return false;
    }
  }

  private boolean isThere(HubFile file) throws IOException {
    Path blob = cache.blob(pinned, file);
    return Files.isRegularFile(blob) && Files.size(blob) == file.size();
  }

  private void download(HubFile file, UUID holder, Held held) throws IOException {
    Patience patience =
        Patience.whileWanted(
            () -> {
              ensureGoing();
              if (held.isLost()) {
                throw new HubException(
                    Kind.UNAVAILABLE,
                    "the download of '%s' was taken over by another process"
                        .formatted(file.path()));
              }
            });
    PartFile part = new PartFile(folders.parts(), file, holder);
    try (part) {
      part.adopt(progress::found);
      new FileDownload(
              http,
              settings,
              pinned,
              file,
              requests.content(pinned, file.path()),
              part,
              progress,
              patience)
          .run();
      patience.within(LOOK);
      cache.putBlob(pinned, file, part.path());
    } catch (IOException full) {
      part.delete();
      throw full;
    } catch (HubException refused) {
      if (!refused.isPassing()) {
        part.delete();
      }
      throw refused;
    }
  }

  private HubException unwritable(IOException e) {
    boolean full = String.valueOf(e.getMessage()).contains("No space left on device");
    return new HubException(
        full ? Kind.NO_SPACE : Kind.UNAVAILABLE,
        full
            ? "the disk of the hub's cache is full"
            : "the hub's cache cannot be written: " + HubRequests.reason(e),
        e);
  }
}
